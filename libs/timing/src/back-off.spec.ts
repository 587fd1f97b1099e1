import { BackOff, growingPause } from './index.js';

const PAUSES = { firstMs: 100, longestMs: 5_000 };

describe('growingPause', () => {
  const whole = (failures: number) => Math.min(100 * 2 ** (failures - 1), 5_000);

  it.each([1, 2, 3, 6, 7, 1_000, Number.MAX_SAFE_INTEGER])(
    'should double up to the maximum: %d failures',
    (failures) => {
      for (let count = 0; count < 100; count++) {
        const pause = growingPause(failures, PAUSES);
        expect(pause).toBeLessThanOrEqual(whole(failures));
        expect(pause).toBeGreaterThanOrEqual(whole(failures) / 2);
      }
    },
  );

  it('should be randomized, so that simultaneous failures are not retried simultaneously', () => {
    const pauses = new Set(Array.from({ length: 100 }, () => growingPause(10, PAUSES)));
    expect(pauses.size).toBeGreaterThan(50);
  });

  it('should respect the spread', () => {
    for (let count = 0; count < 100; count++) {
      expect(growingPause(1, { ...PAUSES, spread: 0.1 })).toBeGreaterThanOrEqual(90);
    }
  });

  it('should treat zero failures as one', () => {
    expect(growingPause(0, PAUSES)).toBeGreaterThanOrEqual(50);
  });
});

describe('BackOff', () => {
  const fail = (backOff: BackOff, times: number) => {
    for (let count = 0; count < times; count++) backOff.next();
  };

  it('should reset after a success', () => {
    const backOff = new BackOff(PAUSES);
    fail(backOff, 10);
    expect(backOff.failures).toBe(10);
    backOff.succeeded();
    expect(backOff.failures).toBe(0);
    expect(backOff.next()).toBeLessThanOrEqual(100);
  });

  it('should not reset after a success that did not last', () => {
    const backOff = new BackOff(PAUSES);
    fail(backOff, 10);
    backOff.succeeded(4_999);
    expect(backOff.next()).toBeGreaterThanOrEqual(2_500);
    backOff.succeeded(5_000);
    expect(backOff.next()).toBeLessThanOrEqual(100);
  });
});
