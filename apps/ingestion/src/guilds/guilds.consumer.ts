import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { QUEUES } from '#libs/contracts';
import { AMQP_BATCH } from '../transports/amqp/amqp-batch.js';
import { RethrowFilter } from '../transports/amqp/rethrow.filter.js';
import type { DeadLetter } from '../intake/dead-letter.js';
import type { ReadMessage } from '../intake/queue-handler.js';
import { GuildEventsService } from './guild-events.service.js';
import type { SourcedGuildEvent } from './read-guild-events.js';

@Controller()
@UseFilters(RethrowFilter)
export class GuildsConsumer {
  constructor(private readonly guildEvents: GuildEventsService) {}

  @EventPattern<string>(QUEUES.guilds, AMQP_BATCH)
  onBatch(@Payload() batch: readonly ReadMessage<SourcedGuildEvent>[]): Promise<DeadLetter[]> {
    return this.guildEvents.handle(batch);
  }
}
