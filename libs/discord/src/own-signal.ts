import { setMaxListeners } from 'node:events';

/**
 * Runs the work with a new signal that aborts together with the caller's. So listeners of the work do not accumulate on
 * the caller's signal, which may live as long as the service.
 */
export async function withOwnSignal<T>(signal: AbortSignal, work: (own: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const own = new AbortController();
  // Any number of calls may use one signal. Node warns of a leak at more than ten listeners.
  setMaxListeners(0, signal, own.signal);
  const onAbort = () => own.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    return await work(own.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
