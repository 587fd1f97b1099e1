import { Rounds } from './index.js';

describe('Rounds', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const start = (round: (signal: AbortSignal) => Promise<void>) => {
    const onFailure = jest.fn();
    const rounds = new Rounds({
      round,
      everyMs: 60_000,
      afterFailure: { firstMs: 1_000, longestMs: 8_000 },
      onFailure,
    });
    rounds.start();
    return { rounds, onFailure };
  };

  it('should start immediately and repeat after the interval', async () => {
    const round = jest.fn(async () => undefined);
    const { rounds } = start(round);
    await jest.advanceTimersByTimeAsync(0);
    expect(round).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(59_999);
    expect(round).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(round).toHaveBeenCalledTimes(2);
    await rounds.stop();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('should repeat after growing pauses while rounds fail, and then after the interval', async () => {
    const round = jest.fn(async () => {
      if (round.mock.calls.length <= 10) throw new Error('the database is unavailable');
    });
    const { rounds, onFailure } = start(round);
    await jest.advanceTimersByTimeAsync(10 * 8_000);
    expect(round).toHaveBeenCalledTimes(11);
    const pauses = onFailure.mock.calls.map((call: unknown[]) => call[1] as number);
    expect(pauses[0]).toBeLessThanOrEqual(1_000);
    expect(pauses[9]).toBeGreaterThanOrEqual(4_000);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(round).toHaveBeenCalledTimes(12);
    await rounds.stop();
  });

  it('should start immediately if woken, but never run two rounds at a time', async () => {
    let end!: () => void;
    const round = jest.fn(() => new Promise<void>((resolve) => (end = resolve)));
    const { rounds } = start(round);
    rounds.wake();
    rounds.wake();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(round).toHaveBeenCalledTimes(1);
    end();
    await jest.advanceTimersByTimeAsync(0);
    expect(round).toHaveBeenCalledTimes(2);
    end();
    await jest.advanceTimersByTimeAsync(0);
    expect(round).toHaveBeenCalledTimes(2);
    await rounds.stop();
  });

  it('should abort the current round when stopped, and start no other', async () => {
    const round = jest.fn(
      (signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
    );
    const { rounds } = start(round);
    await jest.advanceTimersByTimeAsync(0);
    await rounds.stop();
    await jest.advanceTimersByTimeAsync(120_000);
    expect(round).toHaveBeenCalledTimes(1);
  });
});
