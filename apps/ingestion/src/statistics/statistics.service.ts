import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { classifyDatabaseError, sqlState } from '#libs/database';
import { EventError } from '../messages/event-error.js';
import type { DeadLetter } from '../messages/dead-letter.js';
import { EventMetrics } from '../messages/event-metrics.js';
import type { ReadMessage } from '../messages/queue-handler.js';
import { LOGGER } from '../tokens.js';
import type { SourcedEvent } from './read-statistics.js';
import { StatisticsWriter } from './statistics.writer.js';
import type { WriteOutcome } from './write-outcome.js';

/** Arrays can make a batch larger than it should be; no transaction writes more events than this. */
const MAX_EVENTS_A_TRANSACTION = 5_000;

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
    const events: SourcedEvent[] = [];
    for (const message of batch) for (const event of message.events) events.push(event);
    const deadLetters: DeadLetter[] = [];
    const outcome: WriteOutcome = { stored: 0, duplicate: 0, unwanted: 0 };
    for (let start = 0; start < events.length; start += MAX_EVENTS_A_TRANSACTION) {
      deadLetters.push(...(await this.storeOrBisect(events.slice(start, start + MAX_EVENTS_A_TRANSACTION), outcome)));
    }
    // Not before: what fails in the middle is done again as a whole.
    for (const name of ['stored', 'duplicate', 'unwanted'] as const) this.metrics.count(name, outcome[name]);
    this.metrics.count('dead_lettered', deadLetters.length);
    return deadLetters;
  }

  private async storeOrBisect(events: readonly SourcedEvent[], total: WriteOutcome): Promise<DeadLetter[]> {
    try {
      const outcome = await this.writer.write(events.map(({ event }) => event));
      total.stored += outcome.stored;
      total.duplicate += outcome.duplicate;
      total.unwanted += outcome.unwanted;
      return [];
    } catch (error) {
      if (classifyDatabaseError(error) !== 'data') throw error;
      if (events.length > 1) {
        const middle = events.length >> 1;
        const first = await this.storeOrBisect(events.slice(0, middle), total);
        return [...first, ...(await this.storeOrBisect(events.slice(middle), total))];
      }
      const message = (error as Error).message;
      const { event, source, index } = events[0]!;
      // Not its message, which may repeat what the event holds.
      this.logger.warn({ kind: event.kind.name, sqlState: sqlState(error) }, 'Postgres refuses an event');
      return [source.toDeadLetter(index, new EventError('RefusedByDatabaseError', message))];
    }
  }
}
