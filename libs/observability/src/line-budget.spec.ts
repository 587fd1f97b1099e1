import { LineBudget } from './line-budget.js';

describe('LineBudget', () => {
  it('should allow a fixed number of lines per minute, and then report how many were left out', () => {
    let nowMs = 0;
    const budget = new LineBudget(2, { now: () => nowMs });
    const take = (count: number) => Array.from({ length: count }, () => budget.take());
    expect(take(5).map(({ mayWrite }) => mayWrite)).toEqual([true, true, false, false, false]);
    nowMs = 59_999;
    expect(budget.take()).toEqual({ mayWrite: false, leftOut: 0 });
    nowMs = 60_000;
    expect(take(2)).toEqual([
      { mayWrite: true, leftOut: 4 },
      { mayWrite: true, leftOut: 0 },
    ]);
  });
});
