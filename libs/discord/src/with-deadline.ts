import type { Clock } from './clock.js';

/** The work took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(ms: number) {
    super(`not done within ${ms / 1_000} s`);
  }
}

/** Gives the work a signal that is aborted with the caller's, or with DeadlineError when its time is over. */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const own = new AbortController();
  const done = new AbortController();
  // Taken away at the end, as the caller's signal may live as long as the service.
  const onAbort = () => own.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  clock.sleep(ms, done.signal).then(
    () => own.abort(new DeadlineError(ms)),
    () => undefined,
  );
  try {
    return await work(own.signal);
  } finally {
    done.abort();
    signal?.removeEventListener('abort', onAbort);
  }
}
