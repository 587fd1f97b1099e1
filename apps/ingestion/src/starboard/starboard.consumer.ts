import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { QUEUES } from '#libs/contracts';
import { AMQP_BATCH } from '../transports/amqp/amqp-batch.js';
import { RethrowFilter } from '../transports/amqp/rethrow.filter.js';
import type { SourcedGuildEvent } from '../guilds/read-guild-events.js';
import type { DeadLetter } from '../intake/dead-letter.js';
import type { ReadMessage } from '../intake/queue-handler.js';
import { StarEventsService } from './star-events.service.js';

/** A queue of its own, so that what waits for Discord never waits in front of anything else. */
@Controller()
@UseFilters(RethrowFilter)
export class StarboardConsumer {
  constructor(private readonly stars: StarEventsService) {}

  @EventPattern<string>(QUEUES.starboard, AMQP_BATCH)
  onBatch(@Payload() batch: readonly ReadMessage<SourcedGuildEvent>[]): Promise<DeadLetter[]> {
    return this.stars.handle(batch);
  }
}
