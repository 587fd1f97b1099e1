import { pause, withDeadline, type Clock } from '#libs/timing';
import { describeError } from './describe-error.js';
import type { Logger } from './logger.js';
import type { LogIds } from './log-ids.js';

export interface OutageLogOptions {
  /** Value of the key `outage` in the lines, such as `database`. */
  name: string;
  messages: { begins: string; goesOn: string; ends: string };
  /** @throws whatever says that the outage goes on */
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
const TELL_EVERY_MS = 60_000;

/**
 * Logs failures that have one cause and come in large numbers: one line when the first comes, one line a minute with
 * their count, and one line when it is over. It is over when the probe succeeds and no failure came for five seconds.
 */
export class OutageLog {
  private current?: Outage;
  private probing?: Promise<void>;
  private readonly stopping = new AbortController();

  constructor(private readonly options: OutageLogOptions) {}

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

  /** Logs nothing more. */
  stop(): void {
    this.stopping.abort();
  }

  private async follow(outage: Outage): Promise<void> {
    const { name, messages, clock, logger } = this.options;
    let toldAt = outage.since;
    while (await pause(PROBE_EVERY_MS, this.stopping.signal, clock)) {
      if (await this.isOver(outage)) {
        this.current = undefined;
        const { failures, since } = outage;
        logger.warn({ outage: name, failures, duration_ms: clock.now() - since }, messages.ends);
        return;
      }
      if (clock.now() - toldAt < TELL_EVERY_MS) continue;
      toldAt = clock.now();
      const { failures, since, lastError } = outage;
      const details = { failures, since: new Date(since).toISOString(), error: describeError(lastError) };
      logger.error({ outage: name, ...details }, messages.goesOn);
    }
  }

  private async isOver(outage: Outage): Promise<boolean> {
    const { probe, clock } = this.options;
    if (clock.now() - outage.lastFailureAt < PROBE_EVERY_MS) return false;
    const { failures } = outage;
    // A probe that hangs is not joined by others.
    this.probing ??= probe().finally(() => (this.probing = undefined));
    try {
      await withDeadline({ what: 'the probe', ms: PROBE_TIMEOUT_MS }, this.probing);
    } catch {
      return false;
    }
    return outage.failures === failures && !this.stopping.signal.aborted;
  }
}
