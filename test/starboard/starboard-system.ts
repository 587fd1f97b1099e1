import { DiscordDouble } from '../doubles/discord/index.js';
import type { StoredChannel, StoredGuild, StoredMessage } from '../doubles/discord/discord-state.js';
import type { Publisher } from '../harness/publisher.js';
import type { ServiceProcess } from '../harness/services.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

export interface StarboardGuild {
  guild: StoredGuild;
  /** The channel in which people write. */
  channel: StoredChannel;
  starboard: StoredChannel;
}

export interface StarboardGuildOptions {
  guild?: Parameters<DiscordDouble['state']['addGuild']>[0];
  /** @defaultValue 2 */
  count?: number;
  channel?: Partial<StoredChannel>;
  starboard?: Partial<StoredChannel>;
}

/** Ingestion processes that use the Discord double, and guilds with a starboard. */
export class StarboardSystem {
  private readonly queries: QueryInProcess[] = [];

  private constructor(
    readonly system: TestSystem,
    readonly discord: DiscordDouble,
  ) {}

  static async create(): Promise<StarboardSystem> {
    return new StarboardSystem(await TestSystem.create(), await DiscordDouble.start());
  }

  startIngestion(env: Record<string, string> = {}): Promise<ServiceProcess> {
    const { token, url } = this.discord;
    return this.system.startIngestion({ env: { DISCORD_TOKEN: token, DISCORD_API_URL: url, ...env } });
  }

  /** Starts a query service with the same Discord double. `close` stops it. */
  async startQuery(): Promise<QueryInProcess> {
    const { token, url } = this.discord;
    const env = { DISCORD_TOKEN: token, DISCORD_API_URL: url };
    const query = await startQueryInProcess(this.system.database.url, env);
    this.queries.push(query);
    return query;
  }

  async openGuild({ guild, count = 2, channel, starboard }: StarboardGuildOptions = {}): Promise<StarboardGuild> {
    const { state } = this.discord;
    const stored = state.addGuild(guild);
    const opened = {
      guild: stored,
      channel: state.addChannel({ guildId: stored.id, ...channel }),
      starboard: state.addChannel({ guildId: stored.id, ...starboard }),
    };
    await this.system.openGuild(stored.id, []);
    await this.set(stored.id, {
      starboard_enabled: true,
      starboard_channel: opened.starboard.id,
      starboard_count: count,
    });
    return opened;
  }

  async set(guildId: string, settings: Record<string, unknown>): Promise<void> {
    const names = Object.keys(settings);
    const assignments = names.map((name, index) => `${name} = $${index + 2}`);
    await this.system.database.query(`UPDATE guild_settings SET ${assignments.join(', ')} WHERE guild_id = $1`, [
      guildId,
      ...Object.values(settings),
    ]);
  }

  /** This number of people star the message, and one event is published. */
  async star(publisher: Publisher, message: StoredMessage, stars = 1): Promise<void> {
    for (let given = 0; given < stars; given++) this.discord.state.addReaction(message.id);
    await this.publishStarEvent(publisher, message);
  }

  publishStarEvent(publisher: Publisher, { id, channelId }: StoredMessage, name = 'star.added'): Promise<void> {
    const guild_id = this.guildOf(channelId);
    return publisher.publish(name, { guild_id, channel_id: channelId, message_id: id });
  }

  /** Like `star`, but waits until the message is settled: what has not happened by then will not happen. */
  async starAndSettle(publisher: Publisher, message: StoredMessage, stars = 1): Promise<void> {
    await this.settledAfter(message, () => this.star(publisher, message, stars));
  }

  /** Runs `publish` and waits until the message is settled. @param events the number of events that it publishes */
  async settledAfter(message: StoredMessage, publish: () => Promise<unknown>, events = 1): Promise<void> {
    const handled = await this.system.eventsHandled();
    await publish();
    await this.system.untilHandled(handled + events);
    await this.settled(message);
  }

  /** The posts of the bot in a channel, oldest first. */
  postsIn({ id }: StoredChannel): StoredMessage[] {
    const { state } = this.discord;
    return state.messagesOf(id).filter(({ authorId }) => authorId === state.bot.id);
  }

  async untilPosts(channel: StoredChannel, count: number): Promise<StoredMessage[]> {
    await waitFor(() => this.postsIn(channel).length === count, { what: `${count} posts in the channel` });
    return this.postsIn(channel);
  }

  async untilContent(channel: StoredChannel, text: string): Promise<StoredMessage> {
    return waitFor(() => this.postsIn(channel).find(({ content }) => content.includes(text)), {
      what: `a post with ${text}; there is ${this.postsIn(channel)
        .map(({ content }) => content)
        .join()}`,
    });
  }

  /** Waits until no work is due for the message. An event that is not handled yet may add more. */
  async settled({ id }: Pick<StoredMessage, 'id'>, timeoutMs = 15_000): Promise<void> {
    await waitFor(
      async () => {
        const [task] = await this.system.database.query<{ done: boolean }>(
          `SELECT bool_and(due_at IS NULL) AS done FROM starboard_tasks WHERE message_id = $1`,
          [id],
        );
        return task!.done ?? false;
      },
      { what: `message ${id} to be settled`, timeoutMs },
    );
  }

  entriesOf(guildId: string): Promise<Record<string, unknown>[]> {
    return this.system.database.query(`SELECT * FROM starboard_entries WHERE guild_id = $1`, [guildId]);
  }

  /** Ends all claims now, including those of a crashed process. */
  async expireClaims(): Promise<void> {
    await this.system.database.query(
      `UPDATE starboard_tasks SET claimed_until = now(), due_at = now() WHERE claim IS NOT NULL`,
    );
  }

  /** Call it after each test. @throws Error if a request to Discord broke its rules */
  requireNoViolations(): void {
    const violations = this.discord.violations.splice(0);
    if (violations.length > 0) throw new Error(violations.join('\n'));
  }

  async close(): Promise<void> {
    await Promise.all(this.queries.map((query) => query.close()));
    await this.system.close();
    await this.discord.close();
  }

  private guildOf(channelId: string): string {
    return this.discord.state.channel(channelId).guildId;
  }
}
