import fc from 'fast-check';
import { intersection, union, type Intervals } from './intervals.js';

const interval = (from: number, to: number) => ({ from, to });

describe('union', () => {
  it('should sort, and make one of those that overlap or touch', () => {
    expect(union([interval(7, 9), interval(1, 3), interval(2, 4), interval(4, 5)])).toEqual([
      interval(1, 5),
      interval(7, 9),
    ]);
  });

  it('should keep the longer one when one lies in the other', () => {
    expect(union([interval(1, 9), interval(2, 3)])).toEqual([interval(1, 9)]);
  });

  it('should leave out what is empty, and what ends before it begins', () => {
    expect(union([interval(1, 1), interval(5, 4)])).toEqual([]);
    expect(union([interval(1, 2), interval(2, 2), interval(2, 3)])).toEqual([interval(1, 3)]);
  });

  it('should leave what was given as it was', () => {
    const given = [interval(3, 5), interval(1, 4)];
    union(given);
    expect(given).toEqual([interval(3, 5), interval(1, 4)]);
  });
});

describe('intersection', () => {
  it('should be what both have', () => {
    expect(intersection([interval(0, 4), interval(6, 9)], [interval(2, 7), interval(8, 20)])).toEqual([
      interval(2, 4),
      interval(6, 7),
      interval(8, 9),
    ]);
  });

  it('should be empty where they only touch', () => {
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

  it('should have every moment of their union, and no other', () => {
    fc.assert(
      fc.property(any, (intervals) => {
        const merged = union(intervals);
        expect(isInOrder(merged)).toBe(true);
        expect(points.filter((at) => has(merged, at))).toEqual(points.filter((at) => has(intervals, at)));
      }),
    );
  });

  it('should have every moment of their intersection, and no other', () => {
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
