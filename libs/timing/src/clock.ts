/** A clock, which tests replace. An abstract class, so that Nest can inject it by its type. */
export abstract class Clock {
  /** Unix milliseconds. */
  abstract now(): number;
  /** @throws the signal's reason if it is aborted first */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal!.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** Sleeps without throwing. @returns false if the signal was aborted first */
export function pause(ms: number, signal?: AbortSignal, clock: Clock = systemClock): Promise<boolean> {
  return clock.sleep(ms, signal).then(
    () => true,
    () => false,
  );
}
