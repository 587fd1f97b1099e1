import { MessageType } from 'discord-api-types/v10';
import type { StarredMessage } from '#libs/starboard';
import {
  DiscordError,
  type DiscordClient,
  type DiscordMessage,
  type DiscordPermission,
  type MessageBody,
} from '#libs/discord';
import { isThread, type ChannelAccess } from './channel-access.js';
import { bodiesOf, type ReplyContext } from './entry-message.js';
import { ChannelProblemError, StarboardChannelGoneError } from './run-errors.js';
import type { ForwardedMessage } from './starboard-entries.queries.js';

/**
 * How a message's channel and a starboard channel go together. `unwanted`: the message is of another guild, or stands in
 * the starboard channel or a thread of it; `gone`: its channel does not exist any more.
 */
export type Showing = 'allowed' | 'age_restricted' | 'unwanted' | 'gone';

const STAR = '⭐';
/** What people and bots write. All other messages are notices of Discord's own: joins, boosts, pins, threads, calls, … */
const WRITTEN: readonly MessageType[] = [
  MessageType.Default,
  MessageType.Reply,
  MessageType.ChatInputCommand,
  MessageType.ContextMenuCommand,
];
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
    message: DiscordMessage,
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
    const isRestricted =
      (await this.access.isAgeRestricted(guildId, source, signal)) ||
      (await this.comesFromAgeRestricted(guildId, message, signal));
    if (!isRestricted) return told('allowed');
    return told((await this.access.isAgeRestricted(guildId, starboard, signal)) ? 'allowed' : 'age_restricted');
  }

  /** What the message answers; undefined when it is no answer. */
  async reply(guildId: string, message: DiscordMessage, signal: AbortSignal): Promise<ReplyContext | undefined> {
    const { channelId, messageId } = message.reference ?? {};
    if (message.type !== MessageType.Reply || channelId === undefined || messageId === undefined) return undefined;
    return { channelId, messageId, authorId: await this.authorOf({ guildId, channelId, messageId }, signal) };
  }

  /** What the message forwards; undefined when it forwards nothing, or nothing of which the bot may see the author. */
  async origin(guildId: string, message: DiscordMessage, signal: AbortSignal): Promise<ForwardedMessage | undefined> {
    const { kind, channelId, messageId } = message.reference ?? {};
    if (kind !== 'forward' || channelId === undefined || messageId === undefined) return undefined;
    const authorId = await this.authorOf({ guildId, channelId, messageId }, signal);
    return authorId === undefined ? undefined : { messageId, authorId };
  }

  /**
   * Whether Discord shows the bot what members write, by this message; undefined when that cannot be told from it.
   * Without the intent Message Content all that is left of a message is its stickers.
   */
  async showsContent(message: DiscordMessage, signal: AbortSignal): Promise<boolean | undefined> {
    const { author, webhookId, mentionedIds, reference, isInvitation, stickers } = message;
    const { id: self } = await this.discord.users.self(signal);
    // These are shown in any case.
    if (author.id === self || mentionedIds.includes(self)) return undefined;
    if (bodiesOf(message).some(hasContent)) return true;
    const isOfMember = !author.isBot && webhookId === undefined;
    const mayBeEmpty = !isOfMember || isInvitation || stickers.length > 0 || reference?.kind === 'forward';
    return mayBeEmpty ? undefined : false;
  }

  async isOwn(message: DiscordMessage, signal: AbortSignal): Promise<boolean> {
    return message.author.isBot && message.author.id === (await this.discord.users.self(signal)).id;
  }

  async premiumTier(guildId: string, signal: AbortSignal): Promise<number> {
    return (await this.discord.guilds.get(guildId, signal)).premiumTier;
  }

  /** Whether what the message forwards is of an age-restricted channel, or of one at which the bot may not look. */
  private async comesFromAgeRestricted(
    guildId: string,
    { reference }: DiscordMessage,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { kind, channelId } = reference ?? {};
    if (kind !== 'forward') return false;
    if (channelId === undefined) return true;
    const isRestricted = await unlessUnreadable(async () => {
      const origin = await this.discord.channels.get({ guildId, channelId }, signal);
      return this.access.isAgeRestricted(guildId, origin, signal);
    });
    return isRestricted ?? true;
  }

  /** Undefined when the message cannot be read (any more), or is a webhook's. */
  private async authorOf(message: StarredMessage, signal: AbortSignal): Promise<string | undefined> {
    const read = await unlessUnreadable(() => this.discord.messages.get(message, signal));
    return read === undefined || read.webhookId !== undefined ? undefined : read.author.id;
  }

  private async channel(guildId: string, channelId: string, signal: AbortSignal) {
    const needed = ['ViewChannel'] as const;
    const action = { guildId, channelId, action: 'view', description: 'look at a channel', needed } as const;
    return unlessMissing(() =>
      this.access.act(action, signal, () => this.discord.channels.get({ guildId, channelId }, signal)),
    );
  }
}

/** Whether it is Discord that speaks, and not a person or a bot. */
export function isNotice({ type }: DiscordMessage): boolean {
  return !WRITTEN.includes(type);
}

function hasContent({ content, attachments, embeds, components, poll }: MessageBody): boolean {
  return content !== '' || poll !== undefined || [attachments, embeds, components].some((list) => list.length > 0);
}

/** For what is looked at only where the bot may: that it may not is nobody's problem. */
async function unlessUnreadable<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof DiscordError && ['not_found', 'forbidden'].includes(error.kind)) return undefined;
    throw error;
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
