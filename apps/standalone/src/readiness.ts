import { BackOff, systemClock, withDeadline } from '#libs/timing';

const PAUSES = { firstMs: 100, longestMs: 1_000 };
const PROBE_TIMEOUT_MS = 5_000;
/** After this time, the missing parts are printed. */
const EXPLAIN_AFTER_MS = 5_000;

interface Readiness {
  checks: Record<string, { status: string; message?: string }>;
}

/** Waits until the service is ready. Prints what is missing if that takes long. */
export async function untilReady(url: string, stopRequested: AbortSignal, say: (line: string) => void): Promise<void> {
  const explainAt = Date.now() + EXPLAIN_AFTER_MS;
  let explained = false;
  for (const backOff = new BackOff(PAUSES); ;) {
    stopRequested.throwIfAborted();
    const missing = await findMissing(url);
    if (missing === undefined) return;
    if (!explained && Date.now() > explainAt) {
      say(`Waiting: ${missing}`);
      explained = true;
    }
    await systemClock.sleep(backOff.next());
  }
}

async function findMissing(url: string): Promise<string | undefined> {
  try {
    const readiness = await withDeadline({ what: 'the answer', ms: PROBE_TIMEOUT_MS }, async (signal) => {
      const response = await fetch(`${url}/readyz`, { signal });
      return { isReady: response.ok, ...((await response.json()) as Readiness) };
    });
    if (readiness.isReady) return undefined;
    return Object.entries(readiness.checks)
      .filter(([, { status }]) => status !== 'ok' && status !== 'ready')
      .map(([name, { status, message }]) => `${name} ${status}${message ? ` (${message})` : ''}`)
      .join(', ');
  } catch (error) {
    return `${url} does not answer (${(error as Error).message})`;
  }
}
