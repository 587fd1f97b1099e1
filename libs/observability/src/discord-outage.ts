import type { Clock } from '#libs/timing';
import type { Logger } from './logger.js';
import { OutageLog } from './outage-log.js';

const MESSAGES = {
  begins: 'Discord is not available',
  goesOn: 'Discord is still not available',
  ends: 'Discord is available again',
} as const;
/** Discord fails to answer single requests now and then, which are repeated. Only this many in a row are an outage. */
const FAILURES_IN_A_ROW = 5;

/**
 * Logs the outages of Discord, from its answers to the requests of the bot. Each kind of request that fails in an outage
 * is named once.
 */
export class DiscordOutage {
  private readonly log: OutageLog;
  private failures = 0;
  /** The routes of the failures in a row. */
  private readonly failing = new Set<string>();
  /** The routes that were named in this outage. */
  private readonly named = new Set<string>();

  constructor(
    clock: Clock,
    private readonly logger: Logger,
  ) {
    this.log = new OutageLog({ name: 'discord', messages: MESSAGES, probe: () => this.probe(), clock, logger });
  }

  /**
   * @param route the kind of request, such as `GET /channels/:id`
   * @param status the status of the answer; undefined if no answer came
   */
  note(route: string, status: number | undefined): void {
    if (status !== undefined && status < 500) {
      this.failures = 0;
      this.failing.clear();
      return;
    }
    this.failures++;
    this.failing.add(route);
    if (this.failures < FAILURES_IN_A_ROW) return;
    if (!this.log.isOn) this.named.clear();
    this.log.note(new Error(status === undefined ? 'no answer' : `status ${status}`));
    for (const failed of this.failing) this.name(failed);
  }

  private name(route: string): void {
    if (!this.log.isOn || this.named.has(route)) return;
    this.named.add(route);
    this.logger.warn({ outage: 'discord', route }, 'requests to Discord fail');
  }

  /** Stops logging. */
  stop(): void {
    this.log.stop();
  }

  private async probe(): Promise<void> {
    if (this.failures > 0) throw new Error('the last request has failed');
  }
}
