import fc from 'fast-check';
import { SERVICE_KEY } from '../harness/services.js';

/** API keys: two for a wild guild, one for a guild that no request names, and a revoked one. */
export const API_KEYS = ['read', 'write', 'foreign', 'revoked'] as const;

export type ApiKeyName = (typeof API_KEYS)[number];

/** A credential of a request. Every kind of key belongs in the list below. */
export interface Credential {
  what: string;
  /** The Authorization header. Undefined for no header, and for an API key, which differs in each run. */
  header?: string;
  apiKey?: ApiKeyName;
  /** Whether it is valid. */
  isGood: boolean;
}

const SERVICE: Credential = { what: 'the service key', header: `Bearer ${SERVICE_KEY}`, isGood: true };

const OTHERS: readonly Credential[] = [
  { what: 'the service key with another case and spaces', header: `bEARER   ${SERVICE_KEY}`, isGood: true },
  { what: 'no credential', isGood: false },
  { what: 'an empty header', header: '', isGood: false },
  { what: 'an empty key', header: 'Bearer ', isGood: false },
  { what: 'a wrong key', header: 'Bearer 0123456789012345678901234567890123456789', isGood: false },
  { what: 'the service key with another letter', header: `Bearer ${SERVICE_KEY}x`, isGood: false },
  { what: 'the service key without its last letter', header: `Bearer ${SERVICE_KEY.slice(0, -1)}`, isGood: false },
  { what: 'another scheme', header: `Basic ${Buffer.from(`:${SERVICE_KEY}`).toString('base64')}`, isGood: false },
  { what: 'the service key without a scheme', header: SERVICE_KEY, isGood: false },
  { what: 'a long key', header: `Bearer ${'k'.repeat(4_000)}`, isGood: false },
  { what: 'bytes that are not ASCII', header: 'Bearer \u00ff\u0080\u00e9', isGood: false },
];

export const credentials: fc.Arbitrary<Credential> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(SERVICE) },
  { weight: 1, arbitrary: fc.constantFrom(...OTHERS) },
  { weight: 3, arbitrary: fc.constantFrom(...API_KEYS).map(apiKeyCredential) },
);

function apiKeyCredential(apiKey: ApiKeyName): Credential {
  return { what: `an API key (${apiKey})`, apiKey, isGood: apiKey !== 'revoked' };
}
