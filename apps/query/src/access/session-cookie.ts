import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { csrfTokenOf } from '#libs/sessions';

export const SESSION_COOKIE = 'serverstats_session';
/** Readable by the dashboard, which sends its value as {@link CSRF_HEADER}. */
const CSRF_COOKIE = 'serverstats_csrf';

/** Every request of a session that changes something needs it. Another site cannot send it. */
export const CSRF_HEADER = 'x-csrf-token';

export interface CookieOptions {
  /** Whether browsers send the cookies over HTTPS only. */
  secure: boolean;
}

/** The secret of the caller's session. Undefined without a session cookie. */
export function sessionSecretOf(request: FastifyRequest): string | undefined {
  const { cookie } = request.headers;
  return cookie === undefined ? undefined : parseCookie(cookie)[SESSION_COOKIE];
}

/** Sets the cookies of a session that ends at this time. */
export function setSessionCookies(
  reply: FastifyReply,
  { secret, expires }: { secret: string; expires: Date },
  { secure }: CookieOptions,
): void {
  const common = { path: '/', sameSite: 'lax', secure, expires } as const;
  setCookie(reply, stringifySetCookie({ ...common, name: SESSION_COOKIE, value: secret, httpOnly: true }));
  setCookie(reply, stringifySetCookie({ ...common, name: CSRF_COOKIE, value: csrfTokenOf(secret) }));
}

/** Makes the browser drop the cookies of its session. */
export function clearSessionCookies(reply: FastifyReply, { secure }: CookieOptions): void {
  const common = { path: '/', sameSite: 'lax', secure, maxAge: 0, value: '' } as const;
  setCookie(reply, stringifySetCookie({ ...common, name: SESSION_COOKIE, httpOnly: true }));
  setCookie(reply, stringifySetCookie({ ...common, name: CSRF_COOKIE }));
}

/** Adds the header to others of the same name. */
export function setCookie(reply: FastifyReply, header: string): void {
  void reply.header('set-cookie', header);
}
