import { useState } from 'preact/hooks';
import { t } from '../texts/en.js';
import { Icon } from './icon.js';

/** @param logOut rejects with an Error whose message is shown */
export function LogOutButton({ logOut }: { logOut: () => Promise<void> }) {
  const [mistake, setMistake] = useState('');
  const click = () => {
    setMistake('');
    logOut().catch((error: Error) => setMistake(error.message));
  };
  return (
    <div>
      <button type="button" class="tool log-out" onClick={click}>
        <Icon name="leave" />
        {t.nav.logOut}
      </button>
      <p class="field-error" role="alert">
        {mistake}
      </p>
    </div>
  );
}
