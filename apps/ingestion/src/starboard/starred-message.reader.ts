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
 * Whether a message may be shown in a starboard channel. `unwanted`: the message is from another guild, or in the
 * starboard channel or a thread of it; `gone`: its channel does not exist any more.
 */
export type Showing = 'allowed' | 'age_restricted' | 'unwanted' | 'gone';

const STAR = '⭐';
/** Messages of people and bots. All other types are system messages: joins, boosts, pins, threads, calls, … */
const WRITTEN: readonly MessageType[] = [
  MessageType.Default,
  MessageType.Reply,
  MessageType.ChatInputCommand,
  MessageType.ContextMenuCommand,
];
const READING: readonly DiscordPermission[] = ['ViewChannel', 'ReadMessageHistory'];

/**
 * Reads starred messages from Discord. Every method throws ChannelProblemError if the bot may not read, DiscordError,
 * or the signal's reason.
 */
export class StarredMessageReader {
  constructor(
    private readonly discord: DiscordClient,
    private readonly access: ChannelAccess,
  ) {}

  /** Undefined if the message does not exist (any more). */
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
   * The number of stars, without those of the author and of bots.
   *
   * @param enough if the message's own count is lower, that count is returned without reading the users
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

  /** @throws StarboardChannelGoneError; ChannelProblemError also if the starboard channel belongs to another guild */
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
    // Somebody who may configure one guild must not make the bot write in another.
    if (starboard.guildId !== guildId) {
      const problem = `channel ${starboardChannelId} belongs to another server`;
      throw new ChannelProblemError({ guildId, channelId: starboardChannelId, action: 'post', problem });
    }
    const result = (showing: Showing) => ({ showing, starboardIsThread: isThread(starboard) });
    if (!source) return result('gone');
    if (source.guildId !== guildId || [source.id, source.parentId].includes(starboard.id)) return result('unwanted');
    const isRestricted =
      (await this.access.isAgeRestricted(guildId, source, signal)) ||
      (await this.comesFromAgeRestricted(guildId, message, signal));
    if (!isRestricted) return result('allowed');
    return result((await this.access.isAgeRestricted(guildId, starboard, signal)) ? 'allowed' : 'age_restricted');
  }

  /** The replied-to message. Undefined if the message is not a reply. */
  async reply(guildId: string, message: DiscordMessage, signal: AbortSignal): Promise<ReplyContext | undefined> {
    const { channelId, messageId } = message.reference ?? {};
    if (message.type !== MessageType.Reply || channelId === undefined || messageId === undefined) return undefined;
    return { channelId, messageId, authorId: await this.authorOf({ guildId, channelId, messageId }, signal) };
  }

  /** The forwarded message. Undefined if there is none or the bot cannot read its author. */
  async origin(guildId: string, message: DiscordMessage, signal: AbortSignal): Promise<ForwardedMessage | undefined> {
    const { kind, channelId, messageId } = message.reference ?? {};
    if (kind !== 'forward' || channelId === undefined || messageId === undefined) return undefined;
    const authorId = await this.authorOf({ guildId, channelId, messageId }, signal);
    return authorId === undefined ? undefined : { messageId, authorId };
  }

  /**
   * Whether this message proves that Discord shows the bot members' text. Undefined if it proves nothing. Without the
   * intent Message Content, Discord omits everything except stickers.
   */
  async showsContent(message: DiscordMessage, signal: AbortSignal): Promise<boolean | undefined> {
    const { author, webhookId, mentionedIds, reference, isInvitation, stickers } = message;
    const { id: self } = await this.discord.users.self(signal);
    // Their content is always included.
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

  /** Whether the forwarded message is from an age-restricted channel, or from one that the bot cannot read. */
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

  /** Undefined if the message cannot be read (any more) or is from a webhook. */
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

/** Whether this is a system message. */
export function isSystemMessage({ type }: DiscordMessage): boolean {
  return !WRITTEN.includes(type);
}

function hasContent({ content, attachments, embeds, components, poll }: MessageBody): boolean {
  return content !== '' || poll !== undefined || [attachments, embeds, components].some((list) => list.length > 0);
}

/** For optional reads: a missing permission is not reported as a problem. */
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
