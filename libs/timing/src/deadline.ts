import { systemClock, type Clock } from './clock.js';
import { untilAborted } from './until-aborted.js';

export interface Deadline {
  /** Describes the work for the error message, as in "closing the channel took longer than 2000 ms". */
  what: string;
  /** The time limit, in milliseconds. */
  ms: number;
  /** Cancels the work before the deadline. */
  signal?: AbortSignal;
  /** @defaultValue the system clock */
  clock?: Clock;
}

/** The work exceeded its time limit. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor({ what, ms }: Pick<Deadline, 'what' | 'ms'>) {
    super(`${what} took longer than ${ms} ms`);
  }
}

/** The abort reason of the timer. It is shared, because creating an error is expensive. */
const DONE = new Error('done');

/**
 * Runs work with a time limit.
 *
 * A function gets a signal that aborts at the deadline or with the caller's signal. `withDeadline` then still waits for
 * the function, so it must react to the signal. A promise cannot be cancelled: `withDeadline` stops waiting for it, and
 * ignores a later rejection.
 *
 * @throws DeadlineError after the deadline, the reason of the caller's signal if it aborts first, or the error of the
 *   work
 */
export async function withDeadline<T>(
  deadline: Deadline,
  work: Promise<T> | ((signal: AbortSignal) => Promise<T>),
): Promise<T> {
  const { ms, signal, clock = systemClock } = deadline;
  const own = new AbortController();
  const done = new AbortController();
  // The listener is removed at the end, because the caller's signal may exist as long as the service.
  const onAbort = () => own.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort);
  clock.sleep(ms, done.signal).then(
    () => own.abort(new DeadlineError(deadline)),
    () => undefined,
  );
  try {
    if (typeof work !== 'function') return await untilAborted(own.signal, work);
    own.signal.throwIfAborted();
    return await work(own.signal);
  } catch (error) {
    // Many functions throw a generic AbortError instead of the signal's reason.
    const isAbort = (error as { name?: unknown } | undefined)?.name === 'AbortError';
    if (isAbort && own.signal.aborted) throw own.signal.reason;
    throw error;
  } finally {
    done.abort(DONE);
    signal?.removeEventListener('abort', onAbort);
  }
}
