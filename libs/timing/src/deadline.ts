import { systemClock, type Clock } from './clock.js';
import { untilAborted } from './until-aborted.js';

export interface Deadline {
  /** What is waited for; it begins the message of the error, as in "closing the channel took longer than 2000 ms". */
  what: string;
  /** How long it may take, in milliseconds. */
  ms: number;
  /** Ends the waiting earlier. */
  signal?: AbortSignal;
  /** @defaultValue the system's */
  clock?: Clock;
}

/** Something took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor({ what, ms }: Pick<Deadline, 'what' | 'ms'>) {
    super(`${what} took longer than ${ms} ms`);
  }
}

/** Why the timer ends. An own error for each would cost more than the rest of the waiting. */
const OVER = new Error('over');

/**
 * Waits for work for a limited time.
 *
 * A function gets a signal that is aborted when the time is over, or with the caller's signal. It is waited for until it
 * ends by itself, so it must heed the signal. A promise cannot be told: it is left alone then, and what it throws later
 * is dropped.
 *
 * @throws DeadlineError when the time is over, the signal's reason when it is aborted first, or what the work throws
 */
export async function withDeadline<T>(
  deadline: Deadline,
  work: Promise<T> | ((signal: AbortSignal) => Promise<T>),
): Promise<T> {
  const { ms, signal, clock = systemClock } = deadline;
  const own = new AbortController();
  const done = new AbortController();
  // Taken away at the end, as the caller's signal may live as long as the service.
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
    // Many say only that they were aborted, and not why.
    const isAbort = (error as { name?: unknown } | undefined)?.name === 'AbortError';
    if (isAbort && own.signal.aborted) throw own.signal.reason;
    throw error;
  } finally {
    done.abort(OVER);
    signal?.removeEventListener('abort', onAbort);
  }
}
