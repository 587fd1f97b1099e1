import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LoginAttempt } from '#libs/discord';
import { setCookie, type CookieOptions } from '../access/session-cookie.js';

/** What the browser keeps while the user is at Discord. */
export interface PendingLogin extends LoginAttempt {
  /** The path to open after the login. */
  returnTo: string;
}

const COOKIE = 'serverstats_login';
/** How long the user may take at Discord, in seconds. */
const MAX_AGE_SECONDS = 600;

export function setLoginCookie(reply: FastifyReply, login: PendingLogin, { secure }: CookieOptions): void {
  const value = Buffer.from(JSON.stringify(login)).toString('base64url');
  setCookie(reply, stringifySetCookie({ ...common(secure), value, maxAge: MAX_AGE_SECONDS }));
}

export function clearLoginCookie(reply: FastifyReply, { secure }: CookieOptions): void {
  setCookie(reply, stringifySetCookie({ ...common(secure), value: '', maxAge: 0 }));
}

/** @returns undefined without a cookie, or if it is not readable */
export function pendingLoginOf(request: FastifyRequest): PendingLogin | undefined {
  const text = parseCookie(request.headers.cookie ?? '')[COOKIE];
  if (text === undefined) return undefined;
  try {
    const login = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<PendingLogin>;
    const { state, codeVerifier, returnTo } = login;
    if (typeof state !== 'string' || typeof codeVerifier !== 'string') return undefined;
    return { state, codeVerifier, returnTo: localPath(returnTo) };
  } catch {
    return undefined;
  }
}

/** A path of this service: a login must not lead to another site. @defaultValue / */
export function localPath(path: unknown): string {
  return typeof path === 'string' && path.length <= 2_000 && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path)
    ? path
    : '/';
}

function common(secure: boolean) {
  return { name: COOKIE, path: '/', sameSite: 'lax', httpOnly: true, secure } as const;
}
