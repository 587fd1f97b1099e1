import type { APIEmbed } from 'discord-api-types/v10';
import { DiscordError, type DiscordClient } from '#libs/discord';
import type { Clock } from '#libs/timing';
import type { ChannelAccess } from './channel-access.js';
import { namedInReply, withoutReplyAuthor } from './entry-message.js';
import { EntryPosts } from './entry-posts.js';
import { RunPostponedError } from './run-errors.js';
import type { StarboardEntries } from './starboard-entries.queries.js';
import type { RunOutcome } from './starboard.metrics.js';
import type { ClaimedTask } from './starboard-tasks.queries.js';

/** After this time, a post that was in transit when its entry was erased has arrived. */
const IN_TRANSIT_MS = 5 * 60_000;
const SEEK_INTERVAL_MS = 30_000;

/** Deletes posts whose entries were erased, and removes the names of erased members from other posts. */
export class ErasedPosts {
  private readonly posts: EntryPosts;

  constructor(
    private readonly discord: DiscordClient,
    access: ChannelAccess,
    private readonly entries: Pick<StarboardEntries, 'find' | 'isErased' | 'saveReplyAuthor'>,
    private readonly clock: Clock,
  ) {
    this.posts = new EntryPosts(discord, access);
  }

  /** @throws ChannelProblemError, StarboardChannelGoneError, DiscordError, or the signal's reason */
  async remove({ guildId, channelId, messageId }: ClaimedTask, signal: AbortSignal): Promise<RunOutcome> {
    const isDeleted = await this.posts.delete({ guildId, channelId }, messageId, signal);
    return isDeleted ? 'removed' : 'nothing_found';
  }

  /** @throws as {@link remove}; RunPostponedError while the post may still appear */
  async seek(task: ClaimedTask, signal: AbortSignal): Promise<RunOutcome> {
    const { guildId, channelId, messageId, createdAt, postedAfter } = task;
    // If the guild was enabled again after the erasure, the message may have a new entry.
    const entry = await this.entries.find(guildId, messageId);
    const isUnclear = entry?.state === 'reserved';
    const post = await this.posts.seek({ guildId, channelId }, { messageId }, postedAfter!, signal);
    const isErased = post !== undefined && !isUnclear && post.id !== entry?.entryMessageId;
    if (isErased) return this.remove({ ...task, messageId: post.id }, signal);
    if (this.clock.now() < createdAt.getTime() + IN_TRANSIT_MS) {
      throw new RunPostponedError(SEEK_INTERVAL_MS);
    }
    return 'nothing_found';
  }

  /**
   * Removes the name of an erased member from a post about a reply to the member. The rest of the post is not changed.
   *
   * @throws as {@link remove}
   */
  async unname({ guildId, channelId, messageId }: ClaimedTask, signal: AbortSignal): Promise<RunOutcome> {
    const channel = { guildId, channelId };
    const embeds = await this.posts.embeds(channel, messageId, signal);
    if (!embeds) return 'nothing_found';
    const named = namedInReply(embeds);
    const isErased = named && (await this.entries.isErased(guildId, named.authorId, named.messageId));
    if (isErased) {
      const changed = embeds.map((embed) => sendable(withoutReplyAuthor(embed), channelId));
      await this.posts.edit(channel, messageId, { embeds: changed }, signal);
    }
    await this.entries.saveReplyAuthor(guildId, messageId, isErased ? undefined : named?.authorId);
    return isErased ? 'edited' : 'unchanged';
  }

  /** Whether the bot is not in the guild (any more). False if Discord does not say. */
  async isGuildGone(guildId: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.discord.guilds.get(guildId, signal);
      return false;
    } catch (error) {
      // For a bot that is not a member, Discord has answered with either error.
      if (error instanceof DiscordError) return error.missingObject === 'guild' || error.kind === 'forbidden';
      throw error;
    }
  }
}

/** Converts an embed from an answer so that it can be sent: an uploaded picture is referred to by its file name. */
function sendable(
  { color, author, title, url, description, fields, image, timestamp }: APIEmbed,
  channelId: string,
): APIEmbed {
  const file = image && new URL(image.url).pathname.match(`/attachments/${channelId}/\\d+/([^/]+)$`)?.[1];
  const imageUrl = file === undefined ? image?.url : `attachment://${decodeURIComponent(file)}`;
  return {
    color,
    title,
    url,
    description,
    fields,
    timestamp,
    ...(author && { author: { name: author.name, icon_url: author.icon_url } }),
    ...(imageUrl !== undefined && { image: { url: imageUrl } }),
  };
}
