import { setMaxListeners } from 'node:events';

/**
 * Gives the work a signal of its own that is aborted with the caller's. What listens to it is gone with the work: a
 * caller's signal may live as long as the service, and not everybody takes their listeners away.
 */
export async function withOwnSignal<T>(signal: AbortSignal, work: (own: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const own = new AbortController();
  // As many calls as there are may hang on one signal; Node would take more than ten for a leak.
  setMaxListeners(0, signal, own.signal);
  const onAbort = () => own.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    return await work(own.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
