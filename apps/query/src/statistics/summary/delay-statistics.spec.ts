import { sketchIndex } from '#libs/statistics';
import { DelayCollector } from './delay-statistics.js';

const COUNT = 20_000;

/** Reproducible numbers between 0 and 1. */
function* randomNumbers(): Generator<number, never> {
  for (let state = 42; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const random = randomNumbers();
const uniform = () => random.next().value;
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

/** Delays in microseconds. */
const DISTRIBUTIONS: Record<string, () => number> = {
  constant: () => 123_456,
  zero: () => 0,
  'mostly zero': () => (uniform() < 0.7 ? 0 : uniform() * 1_000),
  'uniform, small': () => 1 + uniform() * 5,
  'uniform over a day': () => uniform() * 86_400_000_000,
  exponential: () => -Math.log(1 - uniform()) * 80_000,
  'log-normal': () => Math.exp(10 + 2 * normal()),
  'two peaks': () => (uniform() < 0.9 ? 40_000 : 9_000_000) * (1 + 0.05 * normal()),
  Pareto: () => 1_000 / (1 - uniform()) ** 1.2,
};

describe('DelayCollector', () => {
  it.each(Object.entries(DISTRIBUTIONS))('should compute percentiles within 2%%: %s', (_, draw) => {
    const values = Array.from({ length: COUNT }, () => Math.min(Math.max(Math.round(draw()), 0), 86_400_000_000));
    // Collected in parts and then merged, as it is done with 15-minute buckets.
    const all = new DelayCollector();
    for (let at = 0; at < COUNT; at += 1_000) all.add(collect(values.slice(at, at + 1_000)));
    const sorted = values.toSorted((a, b) => a - b);
    const statistics = all.statistics()!;
    expect(statistics.min).toBe(sorted[0]! / 1000);
    expect(statistics.max).toBe(sorted.at(-1)! / 1000);
    expect(statistics.avg).toBeCloseTo(values.reduce((sum, value) => sum + value / 1000, 0) / COUNT, 3);
    for (const [name, share] of [
      ['p50', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const) {
      const exact = sorted[Math.ceil(share * COUNT) - 1]! / 1000;
      expect(Math.abs(statistics[name] - exact)).toBeLessThanOrEqual(0.02 * exact);
    }
  });

  it('should be null without values, and exact for a single value', () => {
    expect(new DelayCollector().statistics()).toBeNull();
    expect(collect([7_500]).statistics()).toEqual({ avg: 7.5, min: 7.5, max: 7.5, p50: 7.5, p95: 7.5, p99: 7.5 });
  });
});

function collect(values: readonly number[]): DelayCollector {
  const collector = new DelayCollector();
  for (const value of values) {
    collector.addExtent({ sum: value, min: value, max: value });
    collector.addDistribution(sketchIndex(value), 1);
  }
  return collector;
}
