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

/** Logs the outages of Discord, from its answers to the requests of the bot. */
export class DiscordOutage {
  private readonly log: OutageLog;
  private failures = 0;

  constructor(clock: Clock, logger: Logger) {
    this.log = new OutageLog({ name: 'discord', messages: MESSAGES, probe: () => this.probe(), clock, logger });
  }

  /** @param status the status of an answer; undefined if no answer came */
  note(status: number | undefined): void {
    if (status !== undefined && status < 500) {
      this.failures = 0;
      return;
    }
    this.failures++;
    if (this.failures < FAILURES_IN_A_ROW) return;
    this.log.note(new Error(status === undefined ? 'no answer' : `status ${status}`));
  }

  /** Stops logging. */
  stop(): void {
    this.log.stop();
  }

  private async probe(): Promise<void> {
    if (this.failures > 0) throw new Error('the last request has failed');
  }
}
