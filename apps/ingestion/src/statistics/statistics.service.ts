import { Injectable } from '@nestjs/common';
import type { DeadLetter } from '../intake/dead-letter.js';
import { EventIsolator } from '../intake/event-isolator.js';
import { EventMetrics } from '../intake/event-metrics.js';
import type { ReadMessage } from '../intake/queue-handler.js';
import type { SourcedEvent } from './read-statistics.js';
import { StatisticsWriter } from './statistics.writer.js';
import type { WriteOutcome } from './write-outcome.js';

/** Arrays can make a batch larger than it should be; no transaction writes more events than this. */
const MAX_EVENTS_A_TRANSACTION = 5_000;

/** Stores statistic events. */
@Injectable()
export class StatisticsService {
  constructor(
    private readonly writer: StatisticsWriter,
    private readonly isolator: EventIsolator,
    private readonly metrics: EventMetrics,
  ) {}

  /**
   * @returns the dead letters of those that can never be stored
   * @throws the database's error in an outage; storing the same events again does no harm
   */
  async handle(batch: readonly ReadMessage<SourcedEvent>[]): Promise<DeadLetter[]> {
    const events: SourcedEvent[] = [];
    for (const message of batch) for (const event of message.events) events.push(event);
    const deadLetters: DeadLetter[] = [];
    const outcome: WriteOutcome = { stored: 0, duplicate: 0, unwanted: 0 };
    for (let start = 0; start < events.length; start += MAX_EVENTS_A_TRANSACTION) {
      const some = events.slice(start, start + MAX_EVENTS_A_TRANSACTION);
      const refused = await this.isolator.store(some, {
        store: (ofThese) => this.store(ofThese, outcome),
        describe: ({ event }) => ({ event: event.kind.name, guild: event.guildId }),
      });
      deadLetters.push(...refused);
    }
    // Not before: what fails in the middle is done again as a whole.
    for (const name of ['stored', 'duplicate', 'unwanted'] as const) this.metrics.count(name, outcome[name]);
    this.metrics.count('dead_lettered', deadLetters.length);
    return deadLetters;
  }

  private async store(events: readonly SourcedEvent[], total: WriteOutcome): Promise<void> {
    const outcome = await this.writer.write(events.map(({ event }) => event));
    total.stored += outcome.stored;
    total.duplicate += outcome.duplicate;
    total.unwanted += outcome.unwanted;
  }
}
