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

/** What was on its way to Discord when its entry was erased has arrived by then. */
const ON_THE_WAY_MS = 5 * 60_000;
const BETWEEN_LOOKS_MS = 30_000;

/** Deletes posts whose entries were erased, and takes the names of erased members out of others. */
export class ErasedPosts {
  private readonly posts: EntryPosts;

  constructor(
    private readonly discord: DiscordClient,
    access: ChannelAccess,
    private readonly entries: Pick<StarboardEntries, 'find' | 'isErased' | 'noteReplyAuthor'>,
    private readonly clock: Clock,
  ) {
    this.posts = new EntryPosts(discord, access);
  }

  /** @throws ChannelProblemError, StarboardChannelGoneError, DiscordError, or the signal's reason */
  async remove({ guildId, channelId, messageId }: ClaimedTask, signal: AbortSignal): Promise<RunOutcome> {
    const isDeleted = await this.posts.delete({ guildId, channelId }, messageId, signal);
    return isDeleted ? 'removed' : 'nothing_found';
  }

  /** Likewise, and RunPostponedError while the post may still appear. */
  async seek(task: ClaimedTask, signal: AbortSignal): Promise<RunOutcome> {
    const { guildId, channelId, messageId, createdAt, postedAfter } = task;
    // A guild that was erased and enabled again may have shown the message anew.
    const entry = await this.entries.find(guildId, messageId);
    const isUnclear = entry?.state === 'reserved';
    const post = await this.posts.seek({ guildId, channelId }, { messageId }, postedAfter!, signal);
    const isErased = post !== undefined && !isUnclear && post.id !== entry?.entryMessageId;
    if (isErased) return this.remove({ ...task, messageId: post.id }, signal);
    if (this.clock.now() < createdAt.getTime() + ON_THE_WAY_MS) {
      throw new RunPostponedError(BETWEEN_LOOKS_MS);
    }
    return 'nothing_found';
  }

  /**
   * Has a post say whom its message answers without the name of a member who was erased; what else it shows stays.
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
    await this.entries.noteReplyAuthor(guildId, messageId, isErased ? undefined : named?.authorId);
    return isErased ? 'edited' : 'unchanged';
  }

  /** Whether the bot is not in that guild (any more), and can do nothing there. False when Discord does not tell. */
  async isGuildGone(guildId: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.discord.guilds.get(guildId, signal);
      return false;
    } catch (error) {
      // Discord has refused whoever is in no guild in the one and the other way.
      if (error instanceof DiscordError) return error.missingObject === 'guild' || error.kind === 'forbidden';
      throw error;
    }
  }
}

/** An embed as Discord answered it, as it is sent again: a picture that came with the post is named by its file. */
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
