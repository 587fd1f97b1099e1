import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { CounterPanelWorker } from '../counters/counter-panel-worker.service.js';
import type { DeadLetter } from '../intake/dead-letter.js';
import { EventIsolator, type EventWork } from '../intake/event-isolator.js';
import { EventMetrics, type EventOutcome } from '../intake/event-metrics.js';
import type { ReadMessage } from '../intake/queue-handler.js';
import { LOGGER } from '../tokens.js';
import { DeletedChannelsService } from './deleted-channels.service.js';
import { GuildDeletionService } from './guild-deletion.service.js';
import { GuildSnapshotsWriter } from './guild-snapshots.writer.js';
import type { ReceivedGuildEvent, SourcedGuildEvent } from './read-guild-events.js';

/** Carries out the events that are no statistics, one after the other. */
@Injectable()
export class GuildEventsService {
  private readonly work: EventWork<SourcedGuildEvent> = {
    store: async (events) => {
      for (const { event } of events) this.metrics.count(await this.carryOut(event), 1);
    },
    describe: ({ event }) => ({ event: event.name, guild: event.fields.guild_id }),
  };
  private saidThatDiscordIsOff = false;

  constructor(
    private readonly snapshots: GuildSnapshotsWriter,
    private readonly deletion: GuildDeletionService,
    private readonly channels: DeletedChannelsService,
    private readonly panels: CounterPanelWorker,
    private readonly isolator: EventIsolator,
    private readonly metrics: EventMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @returns the dead letters of those that can never be carried out
   * @throws the database's error in an outage; doing the same again does no harm
   */
  async handle(batch: readonly ReadMessage<SourcedGuildEvent>[]): Promise<DeadLetter[]> {
    const deadLetters: DeadLetter[] = [];
    for (const event of batch.flatMap((message) => message.events)) {
      deadLetters.push(...(await this.isolator.store([event], this.work)));
    }
    this.metrics.count('dead_lettered', deadLetters.length);
    return deadLetters;
  }

  private async carryOut(event: ReceivedGuildEvent): Promise<EventOutcome> {
    switch (event.name) {
      case 'guild.snapshot':
        return (await this.snapshots.store(event.fields, event.occurredAt)) ? 'handled' : 'unwanted';
      case 'guild.deleted':
        return (await this.deletion.delete(event.fields.guild_id, event.occurredAt)) ? 'handled' : 'unwanted';
      case 'channel.deleted':
        return (await this.channels.forget(event.fields.guild_id, event.fields.channel_id)) ? 'handled' : 'unwanted';
      case 'counter_panel.refresh':
        return this.refreshPanels(event.fields.guild_id);
      case 'star.added':
      case 'star.removed':
        throw new Error(`${event.name} has a queue of its own`);
    }
  }

  private async refreshPanels(guildId: string | undefined): Promise<EventOutcome> {
    const isWanted = await this.panels.request(guildId);
    if (isWanted !== undefined) return isWanted ? 'handled' : 'unwanted';
    this.sayThatDiscordIsOff();
    return 'no_discord';
  }

  private sayThatDiscordIsOff(): void {
    if (this.saidThatDiscordIsOff) return;
    this.saidThatDiscordIsOff = true;
    this.logger.warn('counter panels are off: events of counter_panel.refresh are dropped');
  }
}
