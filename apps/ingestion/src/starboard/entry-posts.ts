import type { APIEmbed } from 'discord-api-types/v10';
import {
  DiscordError,
  type DiscordClient,
  type DiscordMessage,
  type DiscordPermission,
  type FileUpload,
  type MessageContent,
} from '#libs/discord';
import { DISCORD_EPOCH_MS } from '#libs/contracts';
import type { ChannelAccess, ChannelAction } from './channel-access.js';
import { jumpUrl } from './entry-message.js';
import { ChannelProblemError, StarboardChannelGoneError } from './run-errors.js';

/** A channel of a guild in which the starboard posts. */
export interface StarboardChannel {
  guildId: string;
  channelId: string;
}

export interface NewPost extends StarboardChannel {
  nonce: string;
  body: MessageContent;
  files: readonly FileUpload[];
  isInThread: boolean;
}

const THREAD_ARCHIVED = 50083;
/** Tolerance for Discord's clock, which determines the time in ids. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * The posts of entries in Discord.
 *
 * Every method throws ChannelProblemError when the bot lacks a permission, StarboardChannelGoneError, DiscordError, or
 * the signal's reason.
 */
export class EntryPosts {
  constructor(
    private readonly discord: DiscordClient,
    private readonly access: ChannelAccess,
  ) {}

  async send({ nonce, body, files, isInThread, ...channel }: NewPost, signal: AbortSignal): Promise<DiscordMessage> {
    const needed: DiscordPermission[] = [isInThread ? 'SendMessagesInThreads' : 'SendMessages', 'EmbedLinks'];
    if (files.length > 0) needed.push('AttachFiles');
    // Needed to find the post again after a crash.
    needed.push('ReadMessageHistory');
    const action = { ...channel, action: 'post', description: 'post on the starboard', needed } as const;
    return this.inOpenChannel(action, signal, () =>
      this.discord.messages.send({ ...channel, nonce, ...body, files }, signal),
    );
  }

  /** @returns false when somebody deleted the post */
  async edit(
    channel: StarboardChannel,
    messageId: string,
    body: MessageContent,
    signal: AbortSignal,
  ): Promise<boolean> {
    return this.unlessMissing(() =>
      this.inOpenChannel(changing(channel, 'edit a post on the starboard'), signal, () =>
        this.discord.messages.edit({ ...channel, messageId, ...body }, signal),
      ),
    );
  }

  /** @returns undefined when somebody deleted the post */
  async embeds(channel: StarboardChannel, messageId: string, signal: AbortSignal): Promise<APIEmbed[] | undefined> {
    let embeds: APIEmbed[] | undefined;
    const needed = ['ViewChannel', 'ReadMessageHistory'] as const;
    const action = { ...channel, action: 'read', description: 'read the starboard', needed } as const;
    await this.unlessMissing(async () => {
      embeds = await this.inChannel(action, signal, () =>
        this.discord.messages.embeds({ ...channel, messageId }, signal),
      );
    });
    return embeds;
  }

  /** @returns false if the post did not exist any more */
  async delete(channel: StarboardChannel, messageId: string, signal: AbortSignal): Promise<boolean> {
    return this.unlessMissing(() =>
      this.inOpenChannel(changing(channel, 'delete a post on the starboard'), signal, () =>
        this.discord.messages.delete({ ...channel, messageId }, signal),
      ),
    );
  }

  /**
   * Searches the bot's post about a message, among posts from after `postedAfter`.
   *
   * @param about the message; without `channelId` it matches in any channel of the guild
   * @throws ChannelProblemError also if the bot may not read the message history
   */
  async seek(
    channel: StarboardChannel,
    about: { channelId?: string; messageId: string },
    postedAfter: Date,
    signal: AbortSignal,
  ): Promise<DiscordMessage | undefined> {
    const { id: self } = await this.discord.users.self(signal);
    const after = snowflakeAt(postedAfter.getTime() - CLOCK_TOLERANCE_MS);
    const isAbout = linksTo(channel.guildId, about);
    const needed = ['ViewChannel', 'ReadMessageHistory'] as const;
    const action = { ...channel, action: 'read', description: 'read the starboard', needed } as const;
    return this.inChannel(action, signal, async () => {
      let isEmpty = true;
      for await (const page of this.discord.messages.pagesAfter({ ...channel, after }, signal)) {
        const found = page.find(({ author, embeds }) => author.id === self && embeds.some(({ url }) => isAbout(url)));
        if (found) return found;
        if (page.length > 0) isEmpty = false;
      }
      if (isEmpty) await this.requireHistory(channel, signal);
      return undefined;
    });
  }

  /** Without the permission to read the history, Discord returns an empty channel instead of an error. */
  private async requireHistory(channel: StarboardChannel, signal: AbortSignal): Promise<void> {
    const needed: DiscordPermission[] = ['ReadMessageHistory'];
    const missing = await this.access.missing({ ...channel, needed }, signal);
    if (!missing || missing.length === 0) return;
    const problem = `Discord shows no messages: the bot lacks Read Message History in channel ${channel.channelId}`;
    throw new ChannelProblemError({ ...channel, action: 'read', problem });
  }

  /** Reopens the channel if it is an archived thread, in which nothing can be changed. */
  private async inOpenChannel<T>(action: ChannelAction, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    try {
      return await this.inChannel(action, signal, call);
    } catch (error) {
      const isArchived = error instanceof DiscordError && error.code === THREAD_ARCHIVED;
      // If the call may have had an effect, the refusal of a second call would hide that.
      if (!isArchived || error.mayHaveBeenDone) throw error;
    }
    await this.openThread(action, signal);
    return this.inChannel(action, signal, call);
  }

  private async openThread({ guildId, channelId }: StarboardChannel, signal: AbortSignal): Promise<void> {
    const { channels } = this.discord;
    const thread = { guildId, channelId };
    const { isLocked } = await channels.get(thread, signal);
    const needed: DiscordPermission[] = [isLocked ? 'ManageThreads' : 'SendMessagesInThreads'];
    const action = changing(thread, 'open the archived thread', needed);
    await this.inChannel(action, signal, () => channels.openThread(thread, signal));
  }

  private async inChannel<T>(action: ChannelAction, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    try {
      return await this.access.act(action, signal, call);
    } catch (error) {
      if (!(error instanceof DiscordError && error.missingObject === 'channel')) throw error;
      throw new StarboardChannelGoneError(action.guildId, action.channelId);
    }
  }

  private async unlessMissing(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      if (error instanceof DiscordError && error.missingObject === 'message') return false;
      throw error;
    }
  }
}

function changing(
  channel: StarboardChannel,
  description: string,
  needed: readonly DiscordPermission[] = ['ViewChannel'],
): ChannelAction {
  return { ...channel, action: 'change', description, needed };
}

function linksTo(guildId: string, { channelId, messageId }: { channelId?: string; messageId: string }) {
  const exact = channelId === undefined ? undefined : jumpUrl({ guildId, channelId, messageId });
  return (url: string | undefined): boolean => (exact === undefined ? !!url?.endsWith(`/${messageId}`) : url === exact);
}

/** The smallest Discord id of that time. */
function snowflakeAt(unixMs: number): string {
  return (BigInt(Math.max(unixMs - DISCORD_EPOCH_MS, 1)) << 22n).toString();
}
