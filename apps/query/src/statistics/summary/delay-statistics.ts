import { sketchValue } from '#libs/statistics';
import type { DelayStatistics } from './dto/delay-statistics.dto.js';

/** Aggregates delays (microseconds) as their sum, minimum, maximum and distribution, as rollups store them. */
export class DelayCollector {
  /** How many events have a measure. */
  count = 0;
  private sum = 0;
  private min = Infinity;
  private max = -Infinity;
  private readonly distribution = new Map<number, number>();

  addExtent(extent: { sum: number; min: number; max: number }): void {
    this.sum += extent.sum;
    this.min = Math.min(this.min, extent.min);
    this.max = Math.max(this.max, extent.max);
  }

  addDistribution(sketchIndex: number, count: number): void {
    this.count += count;
    this.distribution.set(sketchIndex, (this.distribution.get(sketchIndex) ?? 0) + count);
  }

  add(other: DelayCollector): void {
    if (other.count > 0) this.addExtent({ sum: other.sum, min: other.min, max: other.max });
    for (const [index, count] of other.distribution) this.addDistribution(index, count);
  }

  /** Null if there are no delays. Percentiles use nearest rank and are within 2% of the exact values. */
  statistics(): DelayStatistics | null {
    if (this.count === 0) return null;
    const [p50, p95, p99] = this.percentiles([0.5, 0.95, 0.99]) as [number, number, number];
    return {
      avg: this.sum / this.count / 1000,
      min: milliseconds(this.min),
      max: milliseconds(this.max),
      p50,
      p95,
      p99,
    };
  }

  /** @param shares ascending */
  private percentiles(shares: readonly number[]): number[] {
    const sorted = [...this.distribution].toSorted(([a], [b]) => a - b);
    let at = -1;
    let passed = 0;
    return shares.map((share) => {
      const rank = Math.max(1, Math.ceil(share * this.count));
      while (passed < rank) passed += sorted[++at]![1];
      return milliseconds(this.valueOfRank(rank, sorted[at]![0]));
    });
  }

  /** The minimum and the maximum are exact, the other values approximate. */
  private valueOfRank(rank: number, sketchIndex: number): number {
    if (rank === 1) return this.min;
    if (rank === this.count) return this.max;
    return Math.min(Math.max(sketchValue(sketchIndex), this.min), this.max);
  }
}

/** Rounds to whole microseconds, the stored precision. */
function milliseconds(microseconds: number): number {
  return Math.round(microseconds) / 1000;
}
