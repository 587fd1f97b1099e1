import fc from 'fast-check';
import { SERVICE_KEY } from '../harness/services.js';

/** API keys, by what they are good for: of a wild guild, of a guild that nobody asks for, and of nobody any more. */
export const API_KEYS = ['read', 'write', 'foreign', 'revoked'] as const;

export type ApiKeyName = (typeof API_KEYS)[number];

/** A credential of a request; every kind of key that there is belongs into the list below. */
export interface Credential {
  what: string;
  /** Of the header Authorization; undefined for none, and for an API key, which is another in each run. */
  header?: string;
  apiKey?: ApiKeyName;
  /** Whether it stands for anybody. */
  isGood: boolean;
}

const SERVICE: Credential = { what: 'the service key', header: `Bearer ${SERVICE_KEY}`, isGood: true };

const OTHERS: readonly Credential[] = [
  { what: 'the service key, written otherwise', header: `bEARER   ${SERVICE_KEY}`, isGood: true },
  { what: 'none', isGood: false },
  { what: 'an empty one', header: '', isGood: false },
  { what: 'no key', header: 'Bearer ', isGood: false },
  { what: 'a wrong key', header: 'Bearer 0123456789012345678901234567890123456789', isGood: false },
  { what: 'more than the service key', header: `Bearer ${SERVICE_KEY}x`, isGood: false },
  { what: 'less than the service key', header: `Bearer ${SERVICE_KEY.slice(0, -1)}`, isGood: false },
  { what: 'another scheme', header: `Basic ${Buffer.from(`:${SERVICE_KEY}`).toString('base64')}`, isGood: false },
  { what: 'the bare key', header: SERVICE_KEY, isGood: false },
  { what: 'a long one', header: `Bearer ${'k'.repeat(4_000)}`, isGood: false },
  { what: 'bytes', header: 'Bearer \u00ff\u0080\u00e9', isGood: false },
];

export const credentials: fc.Arbitrary<Credential> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(SERVICE) },
  { weight: 1, arbitrary: fc.constantFrom(...OTHERS) },
  { weight: 3, arbitrary: fc.constantFrom(...API_KEYS).map(apiKeyCredential) },
);

function apiKeyCredential(apiKey: ApiKeyName): Credential {
  return { what: `an API key (${apiKey})`, apiKey, isGood: apiKey !== 'revoked' };
}
