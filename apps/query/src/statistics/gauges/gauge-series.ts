import { BUCKET_MS, BUCKETS_PER_DAY, type FieldDays, type TimeWindow } from '#libs/statistics';
import type { Snapshot } from './snapshots.queries.js';

/** Which bucket of the answer each 15-minute bucket of a window belongs to. Times are Unix milliseconds. */
export class WindowBuckets {
  /**
   * The starts of 15-minute buckets that an edge of the window or of a bucket of the answer divides. Their snapshots
   * are assigned by the time at which they were taken.
   */
  readonly divided: readonly number[];
  /** For each 15-minute bucket, from that of the start of the window on; -1 if it is divided. */
  private readonly indexes: Int32Array;
  private readonly first: number;

  /** @param starts the starts of the buckets of the answer. The first one is at or before the start of the window */
  constructor(
    private readonly window: TimeWindow,
    private readonly starts: readonly number[],
  ) {
    this.first = startOf(window.from);
    const edges = [window.from, window.to, ...starts.slice(1)].filter((edge) => edge % BUCKET_MS !== 0);
    this.divided = [...new Set(edges.map(startOf))];
    this.indexes = new Int32Array(Math.ceil((window.to - this.first) / BUCKET_MS));
    for (let at = 0, index = 0; at < this.indexes.length; at++) {
      while (index + 1 < starts.length && starts[index + 1]! <= this.first + at * BUCKET_MS) index++;
      this.indexes[at] = index;
    }
    for (const bucket of this.divided) this.indexes[(bucket - this.first) / BUCKET_MS] = -1;
  }

  get count(): number {
    return this.starts.length;
  }

  /** The position of a 15-minute bucket, for {@link indexAt}. Positions of consecutive buckets are consecutive. */
  positionOf(bucket: number): number {
    return (bucket - this.first) / BUCKET_MS;
  }

  /** @returns the index of the bucket of the answer; -1 if the position is divided or not in the window */
  indexAt(position: number): number {
    return position >= 0 && position < this.indexes.length ? this.indexes[position]! : -1;
  }

  /** @returns the index of the bucket of the answer; -1 for a time that is not in the window */
  indexOfTime(time: number): number {
    if (time < this.window.from || time >= this.window.to) return -1;
    return this.starts.findLastIndex((start) => start <= time);
  }
}

/** The last, smallest and largest count of each bucket of the answer. */
export class GaugeSeries {
  private readonly last: Int32Array;
  private readonly min: Int32Array;
  private readonly max: Int32Array;
  /** The position of the last count; -1 without a count. */
  private readonly lastAt: Int32Array;

  constructor(private readonly buckets: WindowBuckets) {
    const { count } = buckets;
    this.last = new Int32Array(count);
    this.min = new Int32Array(count);
    this.max = new Int32Array(count);
    this.lastAt = new Int32Array(count).fill(-1);
  }

  addDays({ days, counts }: FieldDays): void {
    for (const [day, start] of days.entries()) {
      const first = this.buckets.positionOf(start);
      const offset = day * BUCKETS_PER_DAY;
      for (let bucket = 0; bucket < BUCKETS_PER_DAY; bucket++) {
        const count = counts[offset + bucket]!;
        if (count >= 0) this.add(this.buckets.indexAt(first + bucket), first + bucket, count);
      }
    }
  }

  /** Adds the count of a snapshot in a divided 15-minute bucket. */
  addSnapshot({ bucket, occurredAt }: Snapshot, count: number): void {
    this.add(this.buckets.indexOfTime(occurredAt), this.buckets.positionOf(bucket), count);
  }

  /** @returns undefined for a bucket without a count */
  at(index: number): { last: number; min: number; max: number } | undefined {
    if (this.lastAt[index]! < 0) return undefined;
    return { last: this.last[index]!, min: this.min[index]!, max: this.max[index]! };
  }

  private add(index: number, position: number, count: number): void {
    if (index < 0) return;
    const lastAt = this.lastAt[index]!;
    if (lastAt < 0 || count < this.min[index]!) this.min[index] = count;
    if (lastAt < 0 || count > this.max[index]!) this.max[index] = count;
    if (position < lastAt) return;
    this.last[index] = count;
    this.lastAt[index] = position;
  }
}

function startOf(time: number): number {
  return Math.floor(time / BUCKET_MS) * BUCKET_MS;
}
