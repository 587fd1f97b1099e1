/**
 * How API keys and sessions are cached: half a second, so that one that was revoked or ended works for less than a
 * second on any instance; at most 10,000, about 5 MB.
 */
export const CREDENTIAL_CACHE = { freshMs: 500, max: 10_000 } as const;
