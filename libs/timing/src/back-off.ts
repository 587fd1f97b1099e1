/** How pauses grow, in milliseconds. */
export interface Pauses {
  /** After the first failure. */
  firstMs: number;
  /** However many failures there were. */
  longestMs: number;
  /** By how much of it a pause may be shorter, by chance. @defaultValue 0.5 */
  spread?: number;
}

/** 2 to a higher power is no number of milliseconds that anybody waits. */
const MOST_DOUBLINGS = 30;

/**
 * How long to wait after so many failures in a row, in milliseconds: doubled each time up to the longest, and shorter by
 * chance, so that what failed together is not tried again together.
 */
export function growingPause(failures: number, { firstMs, longestMs, spread = 0.5 }: Pauses): number {
  const doublings = Math.min(Math.max(failures - 1, 0), MOST_DOUBLINGS);
  const pause = Math.min(firstMs * 2 ** doublings, longestMs);
  return Math.round(pause * (1 - spread * Math.random()));
}

/** Counts the failures in a row of something that is tried again and again. */
export class BackOff {
  private count = 0;

  constructor(private readonly pauses: Pauses) {}

  /** In a row. */
  get failures(): number {
    return this.count;
  }

  /** Counts a failure. @returns how long to wait before the next try, in milliseconds */
  next(): number {
    this.count++;
    return growingPause(this.count, this.pauses);
  }

  /**
   * It works again, so the next pause is the first one.
   *
   * @param lastedMs how long it has worked. What worked for less than the longest pause counts as a failure: something
   *   that starts and ends at once must not be started again and again. @defaultValue long enough
   */
  succeeded(lastedMs = Infinity): void {
    if (lastedMs >= this.pauses.longestMs) this.count = 0;
  }
}
