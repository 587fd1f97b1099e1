import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** A login with Discord. */
export interface DiscordLoginState {
  userId: string;
  /** Discord's access token. */
  accessToken: string;
}

/** What the key of a sealed login comes from. The database has neither. */
export interface SealingSecrets {
  /** The secret in the session's cookie. */
  sessionSecret: string;
  /** The client secret of the Discord application. */
  clientSecret: string;
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts a login. The result is IV, authentication tag and ciphertext. */
export function sealLogin(login: DiscordLoginState, secrets: SealingSecrets): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(secrets), iv);
  const text = Buffer.concat([cipher.update(JSON.stringify(login), 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), text]);
}

/** Decrypts a login. @returns undefined if it was sealed with another client secret, or changed */
export function openLogin(sealed: Buffer, secrets: SealingSecrets): DiscordLoginState | undefined {
  try {
    const decipher = createDecipheriv(CIPHER, keyOf(secrets), sealed.subarray(0, IV_BYTES));
    decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const text = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    return JSON.parse(text.toString('utf8')) as DiscordLoginState;
  } catch {
    return undefined;
  }
}

function keyOf({ sessionSecret, clientSecret }: SealingSecrets): Buffer {
  return Buffer.from(hkdfSync('sha256', sessionSecret, clientSecret, 'serverstats login', KEY_BYTES));
}
