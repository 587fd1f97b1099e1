const CSRF_COOKIE = 'serverstats_csrf';

/** The token that requests need that change something. Undefined if nobody is logged in. */
export function csrfToken(): string | undefined {
  const entries = document.cookie.split('; ').map((entry) => entry.split('=') as [string, string]);
  return entries.find(([name]) => name === CSRF_COOKIE)?.[1];
}

/** Whether this browser has a session, as far as it knows. The cookie of the session itself is not readable. */
export function hasSession(): boolean {
  return csrfToken() !== undefined;
}

/** Forgets a session that the service has ended. */
export function forgetSession(): void {
  document.cookie = `${CSRF_COOKIE}=; Path=/; Max-Age=0; SameSite=Lax`;
}
