/** Others wait for a transaction while it holds its locks, so it should take about this long. */
const WANTED_MS = 100;
const MOST_BUCKETS = 1_000;

/**
 * How many buckets one transaction computes: that depends on how many events they have, which only the last one tells.
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
    if (ms > 2 * WANTED_MS) this.current = Math.max(1, Math.floor((buckets * WANTED_MS) / ms));
    else if (ms < WANTED_MS && buckets === this.current) this.current = Math.min(MOST_BUCKETS, 2 * this.current);
  }
}
