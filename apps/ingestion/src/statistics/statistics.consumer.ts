import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { QUEUES } from '#libs/contracts';
import { AMQP_BATCH } from '../transports/amqp/amqp-batch.js';
import { RethrowFilter } from '../transports/amqp/rethrow.filter.js';
import type { DeadLetter } from '../intake/dead-letter.js';
import type { ReadMessage } from '../intake/queue-handler.js';
import type { SourcedEvent } from './read-statistics.js';
import { StatisticsService } from './statistics.service.js';

@Controller()
@UseFilters(RethrowFilter)
export class StatisticsConsumer {
  constructor(private readonly statistics: StatisticsService) {}

  @EventPattern<string>(QUEUES.statistics, AMQP_BATCH)
  onBatch(@Payload() batch: readonly ReadMessage<SourcedEvent>[]): Promise<DeadLetter[]> {
    return this.statistics.handle(batch);
  }
}
