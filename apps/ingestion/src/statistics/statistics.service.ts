import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { classifyDatabaseError } from '#libs/database';
import { EventError } from '../messages/event-error.js';
import type { DeadLetter } from '../messages/dead-letter.js';
import { EventMetrics } from '../messages/event-metrics.js';
import type { ReadMessage } from '../messages/queue-handler.js';
import { LOGGER } from '../tokens.js';
import type { SourcedEvent } from './read-statistics.js';
import { StatisticsWriter } from './statistics.writer.js';

/** Arrays can make a batch larger than it should be; no transaction writes more events than this. */
const MAX_EVENTS_A_TRANSACTION = 2_000;

/** Stores statistic events; finds the one that Postgres refuses without harm to its neighbours. */
@Injectable()
export class StatisticsService {
  constructor(
    private readonly writer: StatisticsWriter,
    private readonly metrics: EventMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @returns the dead letters of those that Postgres will never accept
   * @throws the database's error in an outage; storing the same events again does no harm
   */
  async handle(batch: readonly ReadMessage<SourcedEvent>[]): Promise<DeadLetter[]> {
    const events = batch.flatMap((message) => message.events);
    const deadLetters: DeadLetter[] = [];
    for (let start = 0; start < events.length; start += MAX_EVENTS_A_TRANSACTION) {
      deadLetters.push(...(await this.storeOrBisect(events.slice(start, start + MAX_EVENTS_A_TRANSACTION))));
    }
    return deadLetters;
  }

  private async storeOrBisect(events: readonly SourcedEvent[]): Promise<DeadLetter[]> {
    try {
      const outcome = await this.writer.write(events.map(({ event }) => event));
      this.metrics.count('stored', outcome.stored);
      this.metrics.count('duplicate', outcome.duplicate);
      this.metrics.count('unwanted', outcome.unwanted);
      return [];
    } catch (error) {
      if (classifyDatabaseError(error) !== 'data') throw error;
      if (events.length > 1) {
        const middle = events.length >> 1;
        const first = await this.storeOrBisect(events.slice(0, middle));
        return [...first, ...(await this.storeOrBisect(events.slice(middle)))];
      }
      const message = (error as Error).message;
      this.logger.warn({ kind: events[0]!.event.kind.name, error: message }, 'Postgres refuses an event');
      return [events[0]!.toDeadLetter(new EventError('RefusedByDatabaseError', message))];
    }
  }
}
