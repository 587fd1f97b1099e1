import { FailingItems } from './index.js';

describe('FailingItems', () => {
  it('should pause each item separately, and longer with each failure', () => {
    const failing = new FailingItems({ firstMs: 1_000, longestMs: 8_000 });
    failing.add('a', 0);
    expect([failing.isPaused('a', 499), failing.isPaused('a', 1_000), failing.isPaused('b', 0)]).toEqual([
      true,
      false,
      false,
    ]);
    for (let count = 0; count < 10; count++) failing.add('a', 0);
    expect([failing.isPaused('a', 3_999), failing.isPaused('a', 8_000)]).toEqual([true, false]);
  });

  it('should forget items that succeeded or are no longer on the list', () => {
    const failing = new FailingItems({ firstMs: 1_000, longestMs: 8_000 });
    for (const item of ['a', 'b', 'c']) failing.add(item, 0);
    failing.remove(['a']);
    failing.keepOnly(new Set(['a', 'b']));
    expect(['a', 'b', 'c'].map((item) => failing.isPaused(item, 0))).toEqual([false, true, false]);
  });
});
