/** The target duration of a transaction, because other transactions wait for its locks. */
const TARGET_MS = 100;
const MAX_BUCKETS = 1_000;

/**
 * How many buckets one transaction computes. It adapts to the duration of the last transaction, because buckets differ
 * in their number of events.
 */
export class TransactionPace {
  constructor(private current: number) {}

  get buckets(): number {
    return this.current;
  }

  halve(): void {
    this.current = Math.max(1, this.current >> 1);
  }

  observe(buckets: number, ms: number): void {
    if (ms > 2 * TARGET_MS) this.current = Math.max(1, Math.floor((buckets * TARGET_MS) / ms));
    else if (ms < TARGET_MS && buckets === this.current) this.current = Math.min(MAX_BUCKETS, 2 * this.current);
  }
}
