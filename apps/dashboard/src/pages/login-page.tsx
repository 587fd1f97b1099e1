import { useRef, useState } from 'preact/hooks';
import { returnPath } from '../address/pages.js';
import { ApiError, post } from '../api/client.js';
import { queries } from '../api/queries.js';
import { PlainPage } from '../components/plain-page.js';
import { navigate } from '../navigation/navigation.js';
import { t } from '../texts/en.js';
import { useTitle } from './use-title.js';

interface Mistake {
  message: string;
  requestId: string | null;
}

/** The service says in the page whether it has the login with Discord. */
function hasDiscordLogin(): boolean {
  return document.querySelector<HTMLMetaElement>('meta[name="serverstats-discord-login"]')?.content === 'on';
}

export function LoginPage({ search }: { search: string }) {
  useTitle(t.login.title);
  const returnTo = returnPath(search);
  const refusal = new URLSearchParams(search).get('error');
  return (
    <PlainPage>
      <section class="card login">
        <h1>{t.login.title}</h1>
        <p class="lead">{t.login.lead}</p>
        {refusal !== null && (
          <p class="alert" role="alert">
            {t.login.failures[refusal] ?? t.login.failed}
          </p>
        )}
        {hasDiscordLogin() && (
          <>
            <a class="button primary" href={`/auth/login?${new URLSearchParams({ return_to: returnTo })}`}>
              {t.login.discord}
            </a>
            <p class="quiet">{t.login.discordHelp}</p>
            <p class="or">{t.login.or}</p>
          </>
        )}
        <KeyForm returnTo={returnTo} />
      </section>
    </PlainPage>
  );
}

function KeyForm({ returnTo }: { returnTo: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [mistake, setMistake] = useState<Mistake | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const logIn = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setIsBusy(true);
    const found = await tryKey(field.current?.value.trim() ?? '');
    setIsBusy(false);
    setMistake(found);
    if (found === null) navigate(returnTo, { replace: true });
    else field.current?.focus();
  };
  return (
    <form class="key-form" onSubmit={(event) => void logIn(event)} noValidate>
      <label for="api-key">{t.login.key}</label>
      <input
        ref={field}
        id="api-key"
        class="input"
        type="password"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-invalid={mistake !== null}
        aria-describedby="api-key-help api-key-mistake"
      />
      <p id="api-key-help" class="quiet">
        {t.login.keyHelp}
      </p>
      <p id="api-key-mistake" class="field-error" role="alert">
        {mistake?.message}
        {mistake?.requestId && ` ${t.error.request(mistake.requestId)}`}
      </p>
      <button type="submit" class="button primary" aria-disabled={isBusy}>
        {isBusy ? t.login.busy : t.login.submit}
      </button>
    </form>
  );
}

/** Begins a session. @returns null if it began */
async function tryKey(key: string): Promise<Mistake | null> {
  if (key === '') return { message: t.login.missing, requestId: null };
  try {
    await post('/auth/session', { key });
    queries.clear();
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 400 || error.status === 401) return { message: t.login.wrong, requestId: null };
    return { message: error.message, requestId: error.requestId };
  }
}
