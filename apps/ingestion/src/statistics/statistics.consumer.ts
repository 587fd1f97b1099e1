import { Payload } from '@nestjs/microservices';
import type { StatisticEvent } from '#libs/contracts';
import { EventController, OnEvents } from '../intake/event-consumer.js';
import type { OutcomeCounts } from '../intake/event-result.js';
import { StatisticEventType } from './statistic-event-type.js';
import { StatisticsWriter } from './statistics.writer.js';

/** Arrays can make a batch larger than it should be; no transaction writes more events than this. */
const MAX_EVENTS_A_TRANSACTION = 5_000;

@EventController()
export class StatisticsConsumer {
  constructor(private readonly writer: StatisticsWriter) {}

  @OnEvents({
    types: ({ kinds }) => kinds.map((kind) => new StatisticEventType(kind)),
    atOnce: MAX_EVENTS_A_TRANSACTION,
  })
  store(@Payload() events: readonly StatisticEvent[]): Promise<OutcomeCounts> {
    return this.writer.write(events);
  }
}
