import { createHash, randomBytes } from 'node:crypto';

/** The prefix of every secret, so that people and secret scanners recognize a leaked one. */
const SECRET_PREFIX = 'serverstats_';
const RANDOM_BYTES = 32;
const SECRET = /^serverstats_[A-Za-z0-9_-]{43}$/;
/** Characters of the random part in the visible prefix: 24 of 256 bits. */
const SHOWN_CHARACTERS = 4;

/** A new secret: 256 random bits. */
export function makeApiKeySecret(): string {
  return SECRET_PREFIX + randomBytes(RANDOM_BYTES).toString('base64url');
}

/** Whether a text has the format of a secret. Other texts need no database lookup. */
export function isApiKeySecret(text: string): boolean {
  return SECRET.test(text);
}

/** The hash that is stored. A fast hash is sufficient, because the secret is fully random. */
export function hashApiKeySecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** The first characters of a secret, which may be displayed. */
export function prefixOfApiKeySecret(secret: string): string {
  return secret.slice(0, SECRET_PREFIX.length + SHOWN_CHARACTERS);
}
