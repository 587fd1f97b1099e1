import { systemClock, withDeadline } from '#libs/timing';

const POLL_INTERVAL_MS = 50;

/** Polls until the condition is true, or the time has passed. @returns whether it is true */
export async function untilTrue(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() >= deadline) return false;
    await systemClock.sleep(POLL_INTERVAL_MS);
  }
}

/** Whether the promise settles within the time. It is not cancelled. */
export async function settlesWithin(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return withDeadline({ what: 'settling', ms: withinMs }, settled).catch(() => false);
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
