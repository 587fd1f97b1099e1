import { setTimeout as delay } from 'node:timers/promises';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 50;

export interface WaitOptions {
  /** Completes the sentence "still waiting for …". */
  what: string;
  /** @defaultValue 15 seconds */
  timeoutMs?: number;
  /** The pause before each poll. @defaultValue 10, and a fifth more each time up to 50 */
  intervalMs?: number;
}

/**
 * Polls a condition until it is truthy, and returns its value. If it throws, polling continues; after the timeout, the
 * error contains the last one.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 15_000, intervalMs }: WaitOptions,
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer as Exclude<NonNullable<T>, false>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() >= deadline) {
      const reason = lastError instanceof Error ? ` (${lastError.message})` : '';
      throw new Error(`after ${timeoutMs} ms still waiting for ${what}${reason}`, { cause: lastError });
    }
    await delay(intervalMs ?? pauseMs);
    pauseMs = Math.min(pauseMs * 1.2, LONGEST_PAUSE_MS);
  }
}
