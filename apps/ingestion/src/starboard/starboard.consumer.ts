import { Optional } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { DiscordClient } from '#libs/discord';
import { Logger } from '#libs/observability';
import type { StarredMessage } from '#libs/starboard';
import { EventController, OnEvents } from '../intake/event-consumer.js';
import type { OutcomeCounts } from '../intake/event-result.js';
import { guildEvents, type GuildEvent } from '../intake/guild-event-type.js';
import { StarboardTasks } from './starboard-tasks.queries.js';
import { StarboardWorker } from './starboard-worker.service.js';

type StarEvent = GuildEvent<'star.added' | 'star.removed'>;

/**
 * Star events. Each only requests a look at its message, so their number and order do not matter. They have a separate
 * queue, so that they never delay other events.
 */
@EventController()
export class StarboardConsumer {
  private hasWarned = false;

  constructor(
    private readonly tasks: StarboardTasks,
    private readonly worker: StarboardWorker,
    private readonly logger: Logger,
    @Optional() private readonly discord?: DiscordClient,
  ) {}

  @OnEvents({ types: guildEvents('star.added', 'star.removed') })
  async onStars(@Payload() events: readonly StarEvent[]): Promise<OutcomeCounts> {
    if (this.discord === undefined) {
      this.warnOnce();
      return { no_discord: events.length };
    }
    const messages = events.map(starredMessage);
    const distinct = new Map(messages.map((message) => [keyOf(message), message]));
    const wanted = await this.tasks.request([...distinct.values()]);
    const handled = messages.filter((message) => wanted.has(keyOf(message))).length;
    if (handled > 0) this.worker.wake();
    return { handled, unwanted: messages.length - handled };
  }

  private warnOnce(): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.logger.warn('the starboard needs DISCORD_TOKEN: dropping star.added and star.removed events');
  }
}

function starredMessage({ fields }: StarEvent): StarredMessage {
  return { guildId: fields.guild_id, channelId: fields.channel_id, messageId: fields.message_id };
}

function keyOf({ guildId, messageId }: StarredMessage): string {
  return `${guildId}/${messageId}`;
}
