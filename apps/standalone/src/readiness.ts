import { setTimeout as delay } from 'node:timers/promises';

const POLL_INTERVAL_MS = 100;
const PROBE_TIMEOUT_MS = 5_000;
/** After this long somebody at the terminal wonders what it is waiting for. */
const EXPLAIN_AFTER_MS = 5_000;

interface Readiness {
  checks: Record<string, { status: string; message?: string }>;
}

/** Waits until the service says that it can do its work; tells what is missing when that takes long. */
export async function untilReady(url: string, stopRequested: AbortSignal, say: (line: string) => void): Promise<void> {
  const explainAt = Date.now() + EXPLAIN_AFTER_MS;
  let explained = false;
  for (;;) {
    stopRequested.throwIfAborted();
    const missing = await whatIsMissing(url);
    if (missing === undefined) return;
    if (!explained && Date.now() > explainAt) {
      say(`Waiting: ${missing}`);
      explained = true;
    }
    await delay(POLL_INTERVAL_MS);
  }
}

async function whatIsMissing(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    if (response.ok) {
      await response.body?.cancel();
      return undefined;
    }
    const { checks } = (await response.json()) as Readiness;
    return Object.entries(checks)
      .filter(([, { status }]) => status !== 'ok' && status !== 'ready')
      .map(([name, { status, message }]) => `${name} ${status}${message ? ` (${message})` : ''}`)
      .join(', ');
  } catch (error) {
    return `${url} does not answer (${(error as Error).message})`;
  }
}
