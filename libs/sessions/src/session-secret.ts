import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const RANDOM_BYTES = 32;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** A new secret for the cookie of a session: 256 random bits. */
export function makeSessionSecret(): string {
  return randomBytes(RANDOM_BYTES).toString('base64url');
}

/** Whether a text has the format of a secret. Other texts need no database lookup. */
export function isSessionSecret(text: string): boolean {
  return SECRET.test(text);
}

/** The hash that is stored. A fast hash is sufficient, because the secret is fully random. */
export function hashSessionSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/**
 * The CSRF token of a session. It follows from the secret, so it is not stored, and it does not reveal the secret, so
 * scripts of the dashboard may read it.
 */
export function csrfTokenOf(secret: string): string {
  return createHmac('sha256', secret).update('csrf').digest('base64url');
}

/** Compares in constant time. */
export function isCsrfTokenOf(secret: string, token: string): boolean {
  const [given, expected] = [token, csrfTokenOf(secret)].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(given!, expected!);
}
