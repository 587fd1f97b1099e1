import { Injectable } from '@nestjs/common';
import { QUEUES } from '#libs/contracts';
import { GuildEventsService } from '../guilds/guild-events.service.js';
import type { SourcedGuildEvent } from '../guilds/read-guild-events.js';
import { StarEventsService } from '../starboard/star-events.service.js';
import type { SourcedEvent } from '../statistics/read-statistics.js';
import { StatisticsService } from '../statistics/statistics.service.js';
import { EventReader } from './event-reader.js';
import type { QueueHandler, ReadMessage } from './queue-handler.js';

/** Reader and handler of each queue together, for a transport that does not go through Nest. */
@Injectable()
export class QueueHandlers {
  readonly all: readonly QueueHandler[];

  constructor(
    reader: EventReader,
    statistics: StatisticsService,
    stars: StarEventsService,
    guildEvents: GuildEventsService,
  ) {
    const read: QueueHandler['read'] = (message) => reader.read(message);
    const handleStatistics: QueueHandler['handle'] = (batch) => statistics.handle(batch as ReadMessage<SourcedEvent>[]);
    const handleStars: QueueHandler['handle'] = (batch) => stars.handle(batch as ReadMessage<SourcedGuildEvent>[]);
    const handleOthers: QueueHandler['handle'] = (batch) =>
      guildEvents.handle(batch as ReadMessage<SourcedGuildEvent>[]);
    this.all = [
      { queue: QUEUES.statistics, read, handle: handleStatistics },
      { queue: QUEUES.starboard, read, handle: handleStars },
      { queue: QUEUES.guilds, read, handle: handleOthers },
    ];
  }
}
