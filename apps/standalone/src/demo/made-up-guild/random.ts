import { createHash } from 'node:crypto';

/** Random numbers that depend on nothing but the seed. The generator is sfc32, seeded with SHA-256. */
export class Random {
  private readonly state: Uint32Array;

  constructor(seed: string) {
    const digest = createHash('sha256').update(seed).digest();
    this.state = Uint32Array.from([0, 4, 8, 12], (offset) => digest.readUInt32LE(offset));
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number {
    const [a, b, c, count] = this.state as unknown as [number, number, number, number];
    const sum = (a + b + count) >>> 0;
    this.state.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + sum, count + 1]);
    return sum / 2 ** 32;
  }

  /** An integer from `from` to `to`, both inclusive. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)]!;
  }

  /** From the normal distribution with mean 0 and deviation 1 (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** Half of the numbers are below the median, and a few far above it: the distribution of delays. */
  logNormal(median: number, spread: number): number {
    return median * Math.exp(spread * this.normal());
  }

  /** How often something happens that happens `mean` times on average. */
  poisson(mean: number): number {
    // The sum of two Poisson numbers is one too. In parts, exp(-mean) does not become zero.
    if (mean > 500) return this.poisson(mean / 2) + this.poisson(mean / 2);
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.next(); product > limit; product *= this.next()) count++;
    return count;
  }
}

/** Picks items in proportion to their weights. */
export class WeightedChoice<T> {
  private readonly limits: number[] = [];
  private total = 0;

  constructor(
    private readonly items: readonly T[],
    weightOf: (item: T) => number,
  ) {
    for (const item of items) this.limits.push((this.total += weightOf(item)));
  }

  pick(random: Random): T {
    const point = random.next() * this.total;
    let [low, high] = [0, this.limits.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.limits[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return this.items[low]!;
  }
}
