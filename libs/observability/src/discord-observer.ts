import type { Clock } from '#libs/timing';
import type { Registry } from 'prom-client';
import { DiscordOutage } from './discord-outage.js';
import type { Logger } from './logger.js';
import { countDiscordCalls } from './service.metrics.js';

/** Counts the requests to Discord, and logs its outages. */
export class DiscordObserver {
  private readonly count: (route: string, status?: number) => void;
  private readonly outage: DiscordOutage;

  constructor({ registry, clock, logger }: { registry: Registry; clock: Clock; logger: Logger }) {
    this.count = countDiscordCalls(registry);
    this.outage = new DiscordOutage(clock, logger);
  }

  /** The `onAnswer` of a Discord client. */
  readonly onAnswer = (route: string, status?: number): void => {
    this.count(route, status);
    this.outage.note(route, status);
  };

  /** Stops logging. */
  stop(): void {
    this.outage.stop();
  }
}
