import { pause, withDeadline, type Clock } from '#libs/timing';
import { describeError } from './describe-error.js';
import type { Logger } from './logger.js';
import type { LogIds } from './log-ids.js';

export interface OutageLogOptions {
  /** Value of the key `outage` in the lines, such as `database`. */
  name: string;
  messages: { begins: string; goesOn: string; ends: string };
  /** @throws any error while the outage continues */
  probe: () => Promise<void>;
  clock: Clock;
  logger: Logger;
}

interface Outage {
  /** Unix milliseconds. */
  since: number;
  lastFailureAt: number;
  lastError: unknown;
  failures: number;
}

const PROBE_EVERY_MS = 5_000;
const PROBE_TIMEOUT_MS = 2_000;
const LOG_EVERY_MS = 60_000;

/**
 * Logs many failures with one cause in few lines: one line for the first failure, one line a minute with the count, and
 * one line when the outage is over. It is over when the probe succeeds and there was no failure for five seconds.
 */
export class OutageLog {
  private current?: Outage;
  private probing?: Promise<void>;
  private readonly stopping = new AbortController();

  constructor(private readonly options: OutageLogOptions) {}

  /** Whether an outage has begun and is not over. */
  get isOn(): boolean {
    return this.current !== undefined;
  }

  /** Counts a failure. @param ids of the request or the work that failed; the line of the first failure has them */
  note(error: unknown, ids: LogIds = {}): void {
    const { name, messages, clock, logger } = this.options;
    if (this.stopping.signal.aborted) return;
    const now = clock.now();
    if (this.current !== undefined) {
      Object.assign(this.current, { lastFailureAt: now, lastError: error, failures: this.current.failures + 1 });
      return;
    }
    this.current = { since: now, lastFailureAt: now, lastError: error, failures: 1 };
    logger.error({ outage: name, ...ids, error: describeError(error) }, messages.begins);
    this.follow(this.current).catch(() => undefined);
  }

  /** Stops logging. */
  stop(): void {
    this.stopping.abort();
  }

  private async follow(outage: Outage): Promise<void> {
    const { name, messages, clock, logger } = this.options;
    let loggedAt = outage.since;
    while (await pause(PROBE_EVERY_MS, this.stopping.signal, clock)) {
      if (await this.isOver(outage)) {
        this.current = undefined;
        const { failures, since } = outage;
        logger.warn({ outage: name, failures, duration_ms: clock.now() - since }, messages.ends);
        return;
      }
      if (clock.now() - loggedAt < LOG_EVERY_MS) continue;
      loggedAt = clock.now();
      const { failures, since, lastError } = outage;
      const details = { failures, since: new Date(since).toISOString(), error: describeError(lastError) };
      logger.error({ outage: name, ...details }, messages.goesOn);
    }
  }

  private async isOver(outage: Outage): Promise<boolean> {
    const { probe, clock } = this.options;
    if (clock.now() - outage.lastFailureAt < PROBE_EVERY_MS) return false;
    const { failures } = outage;
    // While a probe hangs, no other one is started.
    this.probing ??= probe().finally(() => (this.probing = undefined));
    try {
      await withDeadline({ what: 'the probe', ms: PROBE_TIMEOUT_MS }, this.probing);
    } catch {
      return false;
    }
    return outage.failures === failures && !this.stopping.signal.aborted;
  }
}
