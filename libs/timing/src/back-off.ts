/** The parameters of an exponential back-off, in milliseconds. */
export interface Pauses {
  /** The pause after the first failure. */
  firstMs: number;
  /** The maximum pause. */
  longestMs: number;
  /** The jitter: the fraction by which a pause can be shortened at random. @defaultValue 0.5 */
  spread?: number;
}

/** Limits the exponent. The result is longer than any pause in use. */
const MAX_DOUBLINGS = 30;

/**
 * The pause after a number of consecutive failures, in milliseconds. It doubles with each failure up to the maximum,
 * and is shortened at random, so that simultaneous failures are not retried simultaneously.
 */
export function growingPause(failures: number, { firstMs, longestMs, spread = 0.5 }: Pauses): number {
  const doublings = Math.min(Math.max(failures - 1, 0), MAX_DOUBLINGS);
  const pause = Math.min(firstMs * 2 ** doublings, longestMs);
  return Math.round(pause * (1 - spread * Math.random()));
}

/** Counts consecutive failures and computes the pauses between retries. */
export class BackOff {
  private count = 0;

  constructor(private readonly pauses: Pauses) {}

  /** The number of consecutive failures. */
  get failures(): number {
    return this.count;
  }

  /** Counts a failure. @returns the pause before the next retry, in milliseconds */
  next(): number {
    this.count++;
    return growingPause(this.count, this.pauses);
  }

  /**
   * Resets the pauses after a success.
   *
   * @param lastedMs how long the success lasted, such as a connection. If it was shorter than the maximum pause, the
   *   pauses are not reset: a connection that ends immediately must not be made again without a pause. @defaultValue
   *   Infinity
   */
  succeeded(lastedMs = Infinity): void {
    if (lastedMs >= this.pauses.longestMs) this.count = 0;
  }
}
