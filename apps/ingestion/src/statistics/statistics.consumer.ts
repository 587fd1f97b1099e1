import { Payload } from '@nestjs/microservices';
import type { StatisticEvent } from '#libs/contracts';
import { EventController, OnEvents } from '../intake/event-consumer.js';
import type { OutcomeCounts } from '../intake/event-result.js';
import { StatisticEventType } from './statistic-event-type.js';
import { StatisticsWriter } from './statistics.writer.js';

/** The maximum number of events in a transaction. With arrays, a batch can be larger. */
const MAX_EVENTS_PER_TRANSACTION = 5_000;

@EventController()
export class StatisticsConsumer {
  constructor(private readonly writer: StatisticsWriter) {}

  @OnEvents({
    types: ({ kinds }) => kinds.map((kind) => new StatisticEventType(kind)),
    atOnce: MAX_EVENTS_PER_TRANSACTION,
  })
  store(@Payload() events: readonly StatisticEvent[]): Promise<OutcomeCounts> {
    return this.writer.write(events);
  }
}
