import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { IngestionConfig } from '#libs/config';
import { DEAD_LETTER_HEADERS, QUEUES, StatisticsContract } from '#libs/contracts';
import { readGuildEvents } from '../guilds/read-guild-events.js';
import { readStatistics } from '../statistics/read-statistics.js';
import { INGESTION_CONFIG, LOGGER } from '../tokens.js';
import { EventMetrics } from './event-metrics.js';
import type { DeadLetter } from './dead-letter.js';
import type { IncomingMessage } from './incoming-message.js';
import type { ReadMessage } from './queue-handler.js';

/** Reads the messages of every queue, and counts what never gets to a handler. */
@Injectable()
export class EventReader {
  readonly queues: readonly string[] = Object.values(QUEUES);

  constructor(
    private readonly contract: StatisticsContract,
    @Inject(INGESTION_CONFIG) private readonly config: IngestionConfig,
    private readonly metrics: EventMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Never throws: what cannot be read is a dead letter. */
  read(message: IncomingMessage): ReadMessage {
    const { eventDays } = this.config.retention;
    const read =
      message.queue === QUEUES.statistics
        ? readStatistics(message, this.contract, eventDays)
        : { unrepeatable: 0, ...readGuildEvents(message, this.contract, eventDays) };
    this.metrics.count('too_old', read.tooOld);
    this.metrics.countUnrepeatable(read.unrepeatable);
    if (read.deadLetters.length > 0) {
      this.metrics.count('dead_lettered', read.deadLetters.length);
      // Not its message or its routing key, which may repeat what the publisher sent: they lie with the dead letter.
      const { [DEAD_LETTER_HEADERS.errorName]: error } = read.deadLetters[0]!.headers;
      this.logger.warn(
        { queue: message.queue, count: read.deadLetters.length, error },
        'events go to the dead letters',
      );
    }
    // A copy has no room to spare, where an array that has grown keeps 17 places for one event.
    return {
      events: read.events.slice(),
      deadLetters: read.deadLetters,
      keptBytes: read.keptBytes + deadLetterBytes(read.deadLetters, message),
    };
  }
}

/** What dead letters keep beside the message, roughly: bodies of their own and headers. */
function deadLetterBytes(letters: readonly DeadLetter[], message: IncomingMessage): number {
  let bytes = 0;
  for (const { content, headers } of letters) {
    if (content !== message.content) bytes += content.length;
    for (const text of Object.values(headers)) bytes += text.length;
  }
  return bytes;
}
