import fc from 'fast-check';
import { DAY_MS, BUCKET_MS } from '../rollups/buckets.js';
import type { TimeWindow } from './time-window.js';
import { coverByGroups, coverByTotals, without } from './coverage.js';

const DAY = Date.UTC(2026, 2, 1);
/** The start of the 15-minute bucket with this index. */
const q = (index: number) => DAY + index * BUCKET_MS;

describe('coverByTotals', () => {
  it('should read whole buckets from totals, and the edges of the window from events', () => {
    expect(coverByTotals({ from: q(1) + 5, to: q(9) + 1 }, [], [])).toEqual({
      totals: { from: q(2), to: q(9) },
      exceptions: [],
      events: [
        { from: q(1) + 5, to: q(2) },
        { from: q(9), to: q(9) + 1 },
      ],
    });
  });

  it('should read stale buckets and buckets with a boundary inside from events, and merge adjacent ones', () => {
    const { exceptions, events } = coverByTotals({ from: q(0), to: q(9) }, [q(3), q(4), q(20)], [q(2), q(6) + 1]);
    expect(exceptions).toEqual([q(3), q(4), q(6)]);
    expect(events).toEqual([
      { from: q(3), to: q(5) },
      { from: q(6), to: q(7) },
    ]);
  });

  it('should read a window without a whole bucket only from events', () => {
    const window = { from: q(1) + 5, to: q(2) + 5 };
    expect(coverByTotals(window, [q(1)], [])).toEqual({ exceptions: [], events: [window] });
    expect(coverByTotals({ from: q(1), to: q(1) }, [], []).events).toEqual([]);
  });
});

describe('coverByGroups', () => {
  it('should read whole days that are not stale from the groups of days', () => {
    const window = { from: DAY - 2 * DAY_MS - 1, to: DAY + DAY_MS + 5 };
    const { days, rest } = coverByGroups(window, new Set([DAY - DAY_MS + BUCKET_MS]), new Set());
    expect(days).toEqual([DAY - 2 * DAY_MS, DAY]);
    expect(rest).toEqual([
      { from: DAY - 2 * DAY_MS - 1, to: DAY - 2 * DAY_MS },
      { from: DAY - DAY_MS, to: DAY },
      { from: DAY + DAY_MS, to: DAY + DAY_MS + 5 },
    ]);
  });

  it('should read the buckets of a stale day that are not stale themselves', () => {
    const { days, buckets } = coverByGroups({ from: DAY, to: DAY + DAY_MS }, new Set([q(5)]), new Set([DAY]));
    expect(days).toEqual([]);
    expect(buckets.size).toBe(95);
    expect(buckets.has(q(5))).toBe(false);
  });
});

it('should read every moment of a window exactly once, for any stale buckets', () => {
  const buckets = fc.uniqueArray(fc.integer({ min: -10, max: 400 }));
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 300 * BUCKET_MS }),
      fc.integer({ min: 1, max: 300 * BUCKET_MS }),
      buckets,
      fc.uniqueArray(fc.integer({ min: -1, max: 4 })),
      fc.array(fc.integer({ min: 0, max: 400 * BUCKET_MS })),
      (from, length, staleBuckets, staleDays, boundaries) => {
        const window = { from: DAY + from, to: DAY + from + length };
        const stale = new Set(staleBuckets.map(q));

        const byTotals = coverByTotals(
          window,
          stale,
          boundaries.map((boundary) => DAY + boundary),
        );
        const totals = bucketsOf(byTotals.totals, BUCKET_MS).filter(
          ({ from: at }) => !byTotals.exceptions.includes(at),
        );
        expect(pieced([...totals, ...byTotals.events])).toEqual([window]);
        expect(totals.some(({ from: at }) => stale.has(at))).toBe(false);

        const byGroups = coverByGroups(window, stale, new Set(staleDays.map((day) => DAY + day * DAY_MS)));
        const busy = [...byGroups.buckets].toSorted((a, b) => a - b).filter((_, index) => index % 3 === 0);
        const events = byGroups.rest.flatMap((range) => without(range, busy, BUCKET_MS));
        const groups = [
          ...byGroups.days.map((at) => ({ from: at, to: at + DAY_MS })),
          ...busy.map((at) => ({ from: at, to: at + BUCKET_MS })),
        ];
        expect(pieced([...groups, ...events])).toEqual([window]);
      },
    ),
  );
});

function bucketsOf(range: TimeWindow | undefined, length: number): TimeWindow[] {
  const buckets: TimeWindow[] = [];
  for (let at = range?.from ?? 0; at < (range?.to ?? 0); at += length) buckets.push({ from: at, to: at + length });
  return buckets;
}

/** Joins adjacent pieces. Pieces that overlap or leave a gap are not joined. */
function pieced(pieces: readonly TimeWindow[]): TimeWindow[] {
  const result: TimeWindow[] = [];
  for (const piece of pieces.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last?.to === piece.from) last.to = piece.to;
    else result.push({ ...piece });
  }
  return result;
}
