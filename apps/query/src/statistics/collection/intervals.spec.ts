import fc from 'fast-check';
import { intersection, union, type Intervals } from './intervals.js';

const interval = (from: number, to: number) => ({ from, to });

describe('union', () => {
  it('should sort intervals, and merge those that overlap or touch', () => {
    expect(union([interval(7, 9), interval(1, 3), interval(2, 4), interval(4, 5)])).toEqual([
      interval(1, 5),
      interval(7, 9),
    ]);
  });

  it('should keep the outer one if an interval contains another', () => {
    expect(union([interval(1, 9), interval(2, 3)])).toEqual([interval(1, 9)]);
  });

  it('should remove intervals that are empty or end before they start', () => {
    expect(union([interval(1, 1), interval(5, 4)])).toEqual([]);
    expect(union([interval(1, 2), interval(2, 2), interval(2, 3)])).toEqual([interval(1, 3)]);
  });

  it('should not change its argument', () => {
    const given = [interval(3, 5), interval(1, 4)];
    union(given);
    expect(given).toEqual([interval(3, 5), interval(1, 4)]);
  });
});

describe('intersection', () => {
  it('should contain what is in both', () => {
    expect(intersection([interval(0, 4), interval(6, 9)], [interval(2, 7), interval(8, 20)])).toEqual([
      interval(2, 4),
      interval(6, 7),
      interval(8, 9),
    ]);
  });

  it('should be empty if they only touch', () => {
    expect(intersection([interval(0, 4)], [interval(4, 9)])).toEqual([]);
  });
});

describe('intervals of any kind', () => {
  const END = 40;
  const point = fc.integer({ min: 0, max: END });
  const any = fc.array(fc.record({ from: point, to: point }), { maxLength: 12 });
  const has = (intervals: Intervals, at: number) => intervals.some(({ from, to }) => from <= at && at < to);
  const points = Array.from({ length: END + 1 }, (_, at) => at);
  const isInOrder = (intervals: Intervals) =>
    intervals.every(({ from, to }, i) => from < to && (i === 0 || intervals[i - 1]!.to < from));

  it('should have exactly the points of their union', () => {
    fc.assert(
      fc.property(any, (intervals) => {
        const merged = union(intervals);
        expect(isInOrder(merged)).toBe(true);
        expect(points.filter((at) => has(merged, at))).toEqual(points.filter((at) => has(intervals, at)));
      }),
    );
  });

  it('should have exactly the points of their intersection', () => {
    fc.assert(
      fc.property(any, any, (some, others) => {
        const [a, b] = [union(some), union(others)];
        const common = intersection(a, b);
        expect(isInOrder(common)).toBe(true);
        expect(points.filter((at) => has(common, at))).toEqual(points.filter((at) => has(a, at) && has(b, at)));
      }),
    );
  });
});
