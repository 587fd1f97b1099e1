import type { StarredMessage } from '#libs/database';
import { DiscordError, type DiscordClient, type DiscordMessage, type DiscordPermission } from '#libs/discord';
import { isThread, type ChannelAccess } from './channel-access.js';
import type { ReplyContext } from './entry-message.js';
import { ChannelProblemError, StarboardChannelGoneError } from './run-errors.js';

/**
 * How a message's channel and a starboard channel go together. `unwanted`: the message is of another guild, or stands in
 * the starboard channel or a thread of it; `gone`: its channel does not exist any more.
 */
export type Showing = 'allowed' | 'age_restricted' | 'unwanted' | 'gone';

const STAR = '⭐';
const REPLY = 19;
const READING: readonly DiscordPermission[] = ['ViewChannel', 'ReadMessageHistory'];

/**
 * What Discord tells of starred messages. Every method throws ChannelProblemError when the bot may not read,
 * DiscordError, or the signal's reason.
 */
export class StarredMessageReader {
  constructor(
    private readonly discord: DiscordClient,
    private readonly access: ChannelAccess,
  ) {}

  /** Undefined when it does not exist (any more). */
  async read(starred: StarredMessage, signal: AbortSignal): Promise<DiscordMessage | undefined> {
    const { guildId, channelId } = starred;
    const action = {
      guildId,
      channelId,
      action: 'read',
      description: 'read starred messages',
      needed: READING,
    } as const;
    return unlessMissing(() => this.access.act(action, signal, () => this.discord.messages.get(starred, signal)));
  }

  /**
   * Its stars but the author's own and those of bots.
   *
   * @param enough below it nobody needs the exact number, so what the message itself tells will do
   */
  async countStars(
    starred: StarredMessage,
    message: DiscordMessage,
    enough: number,
    signal: AbortSignal,
  ): Promise<number> {
    const ofAll = message.reactions.find(({ emoji, emojiId }) => emoji === STAR && emojiId === undefined)?.count ?? 0;
    if (ofAll < enough) return ofAll;
    let stars = 0;
    const { guildId, channelId } = starred;
    const description = 'read who starred a message';
    const action = { guildId, channelId, action: 'read', description, needed: READING } as const;
    await this.access.act(action, signal, async () => {
      for await (const users of this.discord.messages.reactionPages(starred, signal)) {
        stars += users.filter(({ id, isBot }) => !isBot && id !== message.author.id).length;
      }
    });
    return stars;
  }

  /** @throws StarboardChannelGoneError; ChannelProblemError, too, when the starboard channel is another guild's */
  async showing(
    { guildId, channelId }: StarredMessage,
    starboardChannelId: string,
    signal: AbortSignal,
  ): Promise<{ showing: Showing; starboardIsThread: boolean }> {
    const [source, starboard] = [
      await this.channel(guildId, channelId, signal),
      await this.channel(guildId, starboardChannelId, signal),
    ];
    if (!starboard) throw new StarboardChannelGoneError(guildId, starboardChannelId);
    // Whoever may set up one guild must not make the bot write in another.
    if (starboard.guildId !== guildId) {
      const problem = `channel ${starboardChannelId} belongs to another server`;
      throw new ChannelProblemError({ guildId, channelId: starboardChannelId, action: 'post', problem });
    }
    const told = (showing: Showing) => ({ showing, starboardIsThread: isThread(starboard) });
    if (!source) return told('gone');
    if (source.guildId !== guildId || [source.id, source.parentId].includes(starboard.id)) return told('unwanted');
    if (!(await this.access.isAgeRestricted(guildId, source, signal))) return told('allowed');
    return told((await this.access.isAgeRestricted(guildId, starboard, signal)) ? 'allowed' : 'age_restricted');
  }

  /** What the message answers; undefined when it is no answer. */
  async reply(guildId: string, message: DiscordMessage, signal: AbortSignal): Promise<ReplyContext | undefined> {
    const { channelId, messageId } = message.reference ?? {};
    if (message.type !== REPLY || channelId === undefined || messageId === undefined) return undefined;
    try {
      const answered = await this.discord.messages.get({ guildId, channelId, messageId }, signal);
      return { channelId, messageId, authorId: answered.webhookId ? undefined : answered.author.id };
    } catch (error) {
      const mayNotBeRead = error instanceof DiscordError && ['not_found', 'forbidden'].includes(error.kind);
      if (!mayNotBeRead) throw error;
      return { channelId, messageId };
    }
  }

  async isOwn(message: DiscordMessage, signal: AbortSignal): Promise<boolean> {
    return message.author.isBot && message.author.id === (await this.discord.users.self(signal)).id;
  }

  async premiumTier(guildId: string, signal: AbortSignal): Promise<number> {
    return (await this.discord.guilds.get(guildId, signal)).premiumTier;
  }

  private async channel(guildId: string, channelId: string, signal: AbortSignal) {
    const needed = ['ViewChannel'] as const;
    const action = { guildId, channelId, action: 'view', description: 'look at a channel', needed } as const;
    return unlessMissing(() =>
      this.access.act(action, signal, () => this.discord.channels.get({ guildId, channelId }, signal)),
    );
  }
}

async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const isMissing =
      error instanceof DiscordError && (error.missingObject === 'message' || error.missingObject === 'channel');
    if (isMissing) return undefined;
    throw error;
  }
}
