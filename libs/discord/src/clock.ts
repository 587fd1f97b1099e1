import { setTimeout as delay } from 'node:timers/promises';

/** Time as the client sees it; tests bring their own. A class, so that Nest injects it. */
export abstract class Clock {
  /** Unix milliseconds. */
  abstract now(): number;
  /** @throws the signal's reason when it is aborted first */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
