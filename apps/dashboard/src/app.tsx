import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { loginPath, overviewPath, pageOf, returnPath } from './address/pages.js';
import type { ApiError } from './api/client.js';
import { queries, useApi } from './api/queries.js';
import { hasSession } from './api/session.js';
import type { Caller, Kind } from './api/types.js';
import { WithoutData } from './components/chart-frame.js';
import { PlainPage } from './components/plain-page.js';
import { navigate, useAddress } from './navigation/navigation.js';
import { GuildPage } from './pages/guild-page.js';
import { GuildsPage } from './pages/guilds-page.js';
import { leave } from './pages/log-out.js';
import { LoginPage } from './pages/login-page.js';
import { MissingPage } from './pages/missing-page.js';

/** Chooses the page of the address, and whether somebody must log in first. */
export function App() {
  const address = useAddress();
  const page = pageOf(address.pathname);
  const isLoggedIn = hasSession();
  useSessionEnd();
  // Read at the same time as the caller, because every page of a guild needs both.
  useApi<Kind[]>('/stats/kinds', {}, { enabled: isLoggedIn && 'guild' in page });
  if (page.name === 'missing') return <MissingPage />;
  if (page.name === 'login') {
    return isLoggedIn ? <Redirect to={returnPath(address.search)} /> : <LoginPage search={address.search} />;
  }
  if (!isLoggedIn) return <Redirect to={loginPath(address.pathname + address.search)} />;
  return <WithCaller>{(caller) => <PageOfCaller address={address} caller={caller} />}</WithCaller>;
}

function PageOfCaller({ address, caller }: { address: URL; caller: Caller }) {
  const page = pageOf(address.pathname);
  if ('guild' in page) return <GuildPage key={page.guild} page={page} address={address} caller={caller} />;
  const [first, ...others] = caller.guilds;
  if (first !== undefined && others.length === 0) return <Redirect to={overviewPath(first.id)} />;
  return <GuildsPage guilds={caller.guilds} />;
}

function WithCaller({ children }: { children: (caller: Caller) => ComponentChildren }) {
  const caller = useApi<Caller>('/auth/me', {});
  if (caller.data !== undefined) return children(caller.data);
  return (
    <PlainPage>
      <div class="card page-room">
        <WithoutData reading={caller} />
      </div>
    </PlainPage>
  );
}

function Redirect({ to }: { to: string }) {
  useEffect(() => navigate(to, { replace: true }), [to]);
  return null;
}

/** Opens the login when the service no longer knows the session. */
function useSessionEnd(): void {
  useEffect(
    () =>
      queries.getQueryCache().subscribe((event) => {
        const isRefused =
          event.type === 'updated' &&
          event.action.type === 'error' &&
          (event.action.error as unknown as ApiError).status === 401;
        if (isRefused && hasSession()) leave(window.location.pathname + window.location.search);
      }),
    [],
  );
}
