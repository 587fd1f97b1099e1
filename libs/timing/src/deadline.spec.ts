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
  ])('should give what %s gives, and leave no timer behind', async (_, workOf) => {
    expect(await withDeadline(deadline, workOf(Promise.resolve('closed')))).toBe('closed');
    const failing = Promise.reject(new Error('the channel is gone'));
    await expect(withDeadline(deadline, workOf(failing))).rejects.toThrow('the channel is gone');
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    ['a promise', never()],
    ['a function', untilAborted],
  ])('should say what it has waited for in vain: %s', async (_, work) => {
    const waiting = withDeadline(deadline, work).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(1_999);
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(await waiting).toBeInstanceOf(DeadlineError);
    expect(await waiting).toMatchObject({ message: 'closing the channel took longer than 2000 ms' });
  });

  it('should wait for a function that ends in order when its time is over', async () => {
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

  it('should tell a function that only knows that it was aborted why', async () => {
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
  ])("should end with the caller's signal, and leave nothing at it: %s", async (_, work) => {
    const caller = new AbortController();
    const removed = jest.spyOn(caller.signal, 'removeEventListener');
    const waiting = withDeadline({ ...deadline, signal: caller.signal }, work).catch((error: unknown) => error);
    caller.abort(new Error('the service stops'));
    expect(await waiting).toMatchObject({ message: 'the service stops' });
    expect(jest.getTimerCount()).toBe(0);
    expect(removed).toHaveBeenCalled();
  });

  it('should begin nothing when the signal is aborted already', async () => {
    const work = jest.fn(async () => 'done');
    const signal = AbortSignal.abort(new Error('the service stops'));
    await expect(withDeadline({ ...deadline, signal }, work)).rejects.toThrow('the service stops');
    expect(work).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('should drop what a promise throws after its time', async () => {
    let fail!: (error: Error) => void;
    const work = new Promise<never>((_, reject) => (fail = reject));
    const waiting = withDeadline(deadline, work).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await waiting).toBeInstanceOf(DeadlineError);
    // A rejection without an owner would end the process.
    fail(new Error('nobody listens'));
    await jest.advanceTimersByTimeAsync(0);
  });
});
