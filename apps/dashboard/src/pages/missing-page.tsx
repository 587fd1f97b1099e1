import { MessagePage } from '../components/plain-page.js';
import { t } from '../texts/en.js';
import { useTitle } from './use-title.js';

export function MissingPage() {
  useTitle(t.missing.title);
  return (
    <MessagePage title={t.missing.title} text={t.missing.text}>
      <a href="/">{t.missing.home}</a>
    </MessagePage>
  );
}
