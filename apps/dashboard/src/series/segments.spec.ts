import type { Summary } from '../api/types.js';
import { holesIn, meanOf, segmentsOf } from './segments.js';

const DAY = 86_400_000;
const AMSTERDAM = 'Europe/Amsterdam';
const at = (text: string) => Date.parse(text);

function summary(from: string, to: string, buckets: [bucket: string, count: number][]): Summary {
  const series = buckets.map(([bucket, count]) => ({ bucket, count }));
  return { from, to, total: 0, previous_total: null, series, groups: [] };
}

describe('segmentsOf', () => {
  const days = summary('2026-10-24T10:00:00Z', '2026-10-27T12:00:00Z', [
    ['2026-10-23T22:00:00Z', 3],
    ['2026-10-24T22:00:00Z', 50],
    ['2026-10-25T23:00:00Z', 0],
    ['2026-10-26T23:00:00Z', 2],
  ]);
  const options = { interval: 'day', timeZone: AMSTERDAM, isLive: true } as const;

  it('should say what each count stands for, over a change of the clocks', () => {
    const collected = [
      { from: at('2026-10-20T00:00:00Z'), to: at('2026-10-25T23:00:00Z') },
      { from: at('2026-10-26T23:00:00Z'), to: at('2026-10-27T12:00:00Z') },
    ];
    const segments = segmentsOf(days, collected, options);
    expect(segments.map(({ state }) => state)).toEqual(['cut', 'full', 'hole', 'running']);
    expect(segments.map(({ start, end }) => (end - start) / DAY)).toEqual([1, 25 / 24, 1, 1]);
    expect(meanOf(segments)).toBe(50);
  });

  it('should not call a bucket running if the window is in the past', () => {
    const collected = [{ from: at('2026-10-20T00:00:00Z'), to: at('2026-10-30T00:00:00Z') }];
    const states = segmentsOf(days, collected, { ...options, isLive: false }).map(({ state }) => state);
    expect(states).toEqual(['cut', 'full', 'full', 'cut']);
  });

  it('should show counts of a bucket in which collection was on for a part, or for no recorded time', () => {
    const collected = [{ from: at('2026-10-25T12:00:00Z'), to: at('2026-10-30T00:00:00Z') }];
    const states = segmentsOf(days, collected, { ...options, isLive: false }).map(({ state }) => state);
    expect(states).toEqual(['part', 'part', 'full', 'cut']);
    expect(meanOf([])).toBeNull();
  });
});

describe('holesIn', () => {
  it('should find the gaps, also at the edges, and ignore short ones', () => {
    const collected = [
      { from: 5_000_000, to: 6_000_000 },
      { from: 1_000_000, to: 3_000_000 },
      { from: 6_030_000, to: 7_000_000 },
    ];
    expect(holesIn({ from: 0, to: 8_000_000 }, collected)).toEqual([
      { from: 0, to: 1_000_000 },
      { from: 3_000_000, to: 5_000_000 },
      { from: 7_000_000, to: 8_000_000 },
    ]);
    expect(holesIn({ from: 0, to: 8_000_000 }, [])).toEqual([{ from: 0, to: 8_000_000 }]);
  });
});
