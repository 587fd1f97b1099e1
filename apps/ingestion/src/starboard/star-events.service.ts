import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { StarredMessage } from '#libs/starboard';
import type { DiscordClient } from '#libs/discord';
import type { SourcedGuildEvent } from '../guilds/read-guild-events.js';
import type { DeadLetter } from '../intake/dead-letter.js';
import { EventIsolator } from '../intake/event-isolator.js';
import { EventMetrics } from '../intake/event-metrics.js';
import type { ReadMessage } from '../intake/queue-handler.js';
import { DISCORD, LOGGER } from '../tokens.js';
import { StarboardTasks } from './starboard-tasks.queries.js';
import { StarboardWorker } from './starboard-worker.service.js';

/**
 * `star.added` and `star.removed`: hints that a message is to be looked at. Whatever their number and order, all they do
 * is ask for one look.
 */
@Injectable()
export class StarEventsService {
  private saidThatDiscordIsOff = false;

  constructor(
    private readonly tasks: StarboardTasks,
    private readonly worker: StarboardWorker,
    private readonly isolator: EventIsolator,
    private readonly metrics: EventMetrics,
    @Inject(DISCORD) private readonly discord: DiscordClient | null,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @returns the dead letters of those that can never be taken
   * @throws the database's error in an outage; doing the same again does no harm
   */
  async handle(batch: readonly ReadMessage<SourcedGuildEvent>[]): Promise<DeadLetter[]> {
    const events = batch.flatMap((message) => message.events);
    if (events.length === 0) return [];
    if (this.discord === null) {
      this.sayThatDiscordIsOff();
      this.metrics.count('no_discord', events.length);
      return [];
    }
    const deadLetters = await this.isolator.store(events, {
      store: (some) => this.request(some),
      describe: ({ event }) => ({ event: event.name, guild: event.fields.guild_id }),
    });
    this.metrics.count('dead_lettered', deadLetters.length);
    return deadLetters;
  }

  private async request(events: readonly SourcedGuildEvent[]): Promise<void> {
    const messages = events.map(starredMessage);
    const distinct = new Map(messages.map((message) => [keyOf(message), message]));
    const wanted = await this.tasks.request([...distinct.values()]);
    const handled = messages.filter((message) => wanted.has(keyOf(message))).length;
    this.metrics.count('handled', handled);
    this.metrics.count('unwanted', messages.length - handled);
    if (handled > 0) this.worker.wake();
  }

  private sayThatDiscordIsOff(): void {
    if (this.saidThatDiscordIsOff) return;
    this.saidThatDiscordIsOff = true;
    this.logger.warn('the starboard is off without DISCORD_TOKEN: star.added and star.removed are dropped');
  }
}

function starredMessage({ event }: SourcedGuildEvent): StarredMessage {
  if (event.name !== 'star.added' && event.name !== 'star.removed') throw new Error(`${event.name} is no star`);
  const { guild_id: guildId, channel_id: channelId, message_id: messageId } = event.fields;
  return { guildId, channelId, messageId };
}

function keyOf({ guildId, messageId }: StarredMessage): string {
  return `${guildId}/${messageId}`;
}
