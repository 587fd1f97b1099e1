import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Completes the sentence "still waiting for …". */
  what: string;
  /** @defaultValue 15 seconds */
  timeoutMs?: number;
  /** @defaultValue 25 */
  intervalMs?: number;
}

/**
 * Polls a condition until it is truthy, and returns its value. If it throws, polling continues; after the timeout, the
 * error contains the last one.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 15_000, intervalMs = 25 }: WaitOptions,
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown;
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
    await delay(intervalMs);
  }
}
