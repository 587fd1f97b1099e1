import { createHash, randomBytes } from 'node:crypto';

/** What every secret begins with, so that people and scanners recognise one that lies where it should not. */
const MARK = 'serverstats_';
const RANDOM_BYTES = 32;
const SECRET = /^serverstats_[A-Za-z0-9_-]{43}$/;
/** Characters of the random part that the list shows: 24 of 256 bits. */
const SHOWN_CHARACTERS = 4;

/** A new secret: 256 random bits. */
export function makeApiKeySecret(): string {
  return MARK + randomBytes(RANDOM_BYTES).toString('base64url');
}

/** Whether a text has the form of a secret; nothing else is worth a look into the database. */
export function isApiKeySecret(text: string): boolean {
  return SECRET.test(text);
}

/** What is stored of a secret. As the secret is random to its full length, a plain hash is as good as a slow one. */
export function hashApiKeySecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** How the secret begins, to be shown. */
export function prefixOfApiKeySecret(secret: string): string {
  return secret.slice(0, MARK.length + SHOWN_CHARACTERS);
}
