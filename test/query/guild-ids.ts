let next = 9_007_199_254_740_993n;

/** An id beyond 2^53 that no other test of this file uses. */
export function newGuildId(): string {
  return String((next += 2n));
}
