import { pause, systemClock, WakeableSleep } from './index.js';

describe('sleeping', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('should end after the given time', async () => {
    const slept = jest.fn();
    const sleeping = systemClock.sleep(1_000).then(slept);
    await jest.advanceTimersByTimeAsync(999);
    expect(slept).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await sleeping;
  });

  it("should reject with the signal's reason, and clear its timer", async () => {
    const waking = new AbortController();
    const sleeping = systemClock.sleep(1_000, waking.signal);
    waking.abort(new Error('woken'));
    await expect(sleeping).rejects.toThrow('woken');
    await expect(systemClock.sleep(1_000, waking.signal)).rejects.toThrow('woken');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('should return whether it was not aborted, instead of throwing', async () => {
    const sleeping = pause(1_000);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await sleeping).toBe(true);
    expect(await pause(1_000, AbortSignal.abort())).toBe(false);
  });
});

describe('WakeableSleep', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('should end when it is woken', async () => {
    const nap = new WakeableSleep();
    const sleeping = nap.sleep(1_000);
    nap.wake();
    await sleeping;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('should return immediately if it was woken before, but only once', async () => {
    const nap = new WakeableSleep();
    nap.wake();
    nap.wake();
    await nap.sleep(1_000);
    const slept = jest.fn();
    const sleeping = nap.sleep(1_000).then(slept);
    await jest.advanceTimersByTimeAsync(999);
    expect(slept).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await sleeping;
  });
});
