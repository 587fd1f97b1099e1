const LONGEST_PAUSE_MS = 15 * 60_000;

/**
 * How long to wait after so many failures in a row, in milliseconds: doubled each time, at most a quarter of an hour
 * or `longestMs`, and up to half of it shorter by chance, so that what failed together is not tried again together.
 */
export function growingPause(failures: number, firstMs: number, longestMs = LONGEST_PAUSE_MS): number {
  const pause = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), longestMs);
  return Math.round(pause * (0.5 + Math.random() / 2));
}
