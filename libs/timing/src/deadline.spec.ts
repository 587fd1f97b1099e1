import { DeadlineError, withDeadline } from './index.js';

const never = () => new Promise<never>(() => undefined);
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('withDeadline', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const deadline = { what: 'closing the channel', ms: 2_000 };

  it.each([
    ['a promise', (result: Promise<string>) => result],
    ['a function', (result: Promise<string>) => () => result],
  ])('should return the result of %s, and clear its timer', async (_, workOf) => {
    expect(await withDeadline(deadline, workOf(Promise.resolve('closed')))).toBe('closed');
    const failing = Promise.reject(new Error('the channel is gone'));
    await expect(withDeadline(deadline, workOf(failing))).rejects.toThrow('the channel is gone');
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    ['a promise', never()],
    ['a function', untilAborted],
  ])('should name the work that took too long: %s', async (_, work) => {
    const waiting = withDeadline(deadline, work).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(1_999);
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(await waiting).toBeInstanceOf(DeadlineError);
    expect(await waiting).toMatchObject({ message: 'closing the channel took longer than 2000 ms' });
  });

  it('should return the result of a function that ends normally after the deadline', async () => {
    const steps: string[] = [];
    const work = async (signal: AbortSignal) => {
      await untilAborted(signal).catch(() => steps.push('aborted'));
      await Promise.resolve();
      steps.push('ended');
      return 'half of it';
    };
    const waiting = withDeadline(deadline, work);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await waiting).toBe('half of it');
    expect(steps).toEqual(['aborted', 'ended']);
  });

  it('should replace an AbortError of a function with the reason of the abort', async () => {
    const work = (signal: AbortSignal) =>
      untilAborted(signal).catch(() => {
        throw new DOMException('This operation was aborted', 'AbortError');
      });
    const waiting = withDeadline(deadline, work).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await waiting).toBeInstanceOf(DeadlineError);
  });

  it.each([
    ['a promise', never()],
    ['a function', untilAborted],
  ])("should end with the caller's signal, and remove its listener: %s", async (_, work) => {
    const caller = new AbortController();
    const removed = jest.spyOn(caller.signal, 'removeEventListener');
    const waiting = withDeadline({ ...deadline, signal: caller.signal }, work).catch((error: unknown) => error);
    caller.abort(new Error('the service stops'));
    expect(await waiting).toMatchObject({ message: 'the service stops' });
    expect(jest.getTimerCount()).toBe(0);
    expect(removed).toHaveBeenCalled();
  });

  it('should not start the work if the signal is already aborted', async () => {
    const work = jest.fn(async () => 'done');
    const signal = AbortSignal.abort(new Error('the service stops'));
    await expect(withDeadline({ ...deadline, signal }, work)).rejects.toThrow('the service stops');
    expect(work).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('should ignore the rejection of a promise after the deadline', async () => {
    let fail!: (error: Error) => void;
    const work = new Promise<never>((_, reject) => (fail = reject));
    const waiting = withDeadline(deadline, work).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await waiting).toBeInstanceOf(DeadlineError);
    // An unhandled rejection would fail the test.
    fail(new Error('too late'));
    await jest.advanceTimersByTimeAsync(0);
  });
});
