import {
  DiscordError,
  explainDiscordError,
  isRefusalOfContent,
  type DiscordClient,
  type DiscordMessage,
} from '#libs/discord';
import type { Clock } from '#libs/timing';
import type { ChannelAccess } from './channel-access.js';
import { linked, type EntryImage, type EntryImages } from './entry-image.service.js';
import { entryEmbed, entryLine, namedInReply } from './entry-message.js';
import { EntryPosts, type StarboardChannel } from './entry-posts.js';
import { firstImage } from './first-image.js';
import { ChannelProblemError, PostRefusedError, RunPostponedError } from './run-errors.js';
import type { ActiveEntry, StarboardEntries, StarboardSettings } from './starboard-entries.queries.js';
import type { RunOutcome } from './starboard.metrics.js';
import type { StarboardProblems } from './starboard-problems.queries.js';
import type { ClaimedTask } from './starboard-tasks.queries.js';
import { isSystemMessage, StarredMessageReader } from './starred-message.reader.js';

export interface FollowerParts {
  discord: DiscordClient;
  access: ChannelAccess;
  entries: StarboardEntries;
  problems: StarboardProblems;
  images: EntryImages;
  clock: Clock;
}

/** After this time, a request of a crashed process has arrived or never will. */
const SETTLED_AFTER_MS = 60_000;
/** After this many failed runs, the picture is linked, because Discord may reject the upload. */
const MAX_RUNS_WITH_UPLOADS = 3;
const REQUEST_ENTITY_TOO_LARGE = 40005;

/**
 * Updates the entry of one message from the message in Discord. It can be interrupted and retried, and creates at most
 * one post: the entry is reserved before the post is sent, the post is sent with a nonce of the reservation, and for an
 * existing reservation, the starboard channel is searched first.
 *
 * Only the holder of the claim of the message's task may call it.
 */
export class MessageFollower {
  private readonly posts: EntryPosts;
  private readonly messages: StarredMessageReader;
  private readonly entries: StarboardEntries;
  private readonly problems: StarboardProblems;
  private readonly images: EntryImages;
  private readonly clock: Clock;

  constructor({ discord, access, entries, problems, images, clock }: FollowerParts) {
    this.posts = new EntryPosts(discord, access);
    this.messages = new StarredMessageReader(discord, access);
    this.entries = entries;
    this.problems = problems;
    this.images = images;
    this.clock = clock;
  }

  /**
   * @param known the message's entry, as it is now
   * @throws RunPostponedError, ChannelProblemError, PostRefusedError, StarboardChannelGoneError, DiscordError, the
   *   signal's reason, or the database's error
   */
  async follow(
    task: ClaimedTask,
    settings: StarboardSettings,
    known: ActiveEntry | undefined,
    signal: AbortSignal,
  ): Promise<RunOutcome> {
    let entry = known;
    if (entry?.state === 'removing') {
      await this.remove(entry, signal);
      entry = undefined;
    }
    const withoutEntry = (outcome: RunOutcome) => (entry ? this.remove(entry, signal, outcome) : outcome);

    // The channel of an event may be wrong, but that of an entry was verified.
    const found = entry ? { ...task, channelId: entry.channelId } : task;
    const message = await this.messages.read(found, signal);
    if (!message) return withoutEntry('gone');
    if (isSystemMessage(message)) return withoutEntry('unwanted');
    const stars = await this.messages.countStars(found, message, settings.count, signal);
    if (stars < settings.count) return withoutEntry('below');
    const channelId = entry?.entryChannelId ?? settings.channelId;
    const { showing, starboardIsThread } = await this.messages.showing(found, message, channelId, signal);
    if (showing !== 'allowed') return withoutEntry(showing);
    await this.reportContent(found, message, signal);

    if (entry?.state === 'posted') return this.updateCount(entry, stars, signal);
    const details = { task: found, message, stars, isInThread: starboardIsThread };
    return entry ? this.resume(entry, details, signal) : this.start(details, channelId, signal);
  }

  /** Deletes the post, then the entry. If somebody else has deleted the post, the entry becomes withdrawn. */
  private async remove(entry: ActiveEntry, signal: AbortSignal, why?: RunOutcome): Promise<RunOutcome> {
    const isFirstTime = entry.state !== 'removing';
    if (isFirstTime) await this.entries.startRemoving(entry, this.clock.now());
    const channel = channelOf(entry);
    const post = entry.entryMessageId ?? (await this.findPost(entry, signal))?.id;
    if (post !== undefined) {
      const wasThere = await this.posts.delete(channel, post, signal);
      if (!wasThere && isFirstTime && why !== 'gone') {
        await this.entries.withdraw(entry, this.clock.now());
        return 'withdrawn';
      }
    } else if (isFirstTime || !this.isSettled(entry)) {
      throw new RunPostponedError(SETTLED_AFTER_MS);
    }
    await this.entries.drop(entry);
    return 'removed';
  }

  private async updateCount(entry: ActiveEntry, stars: number, signal: AbortSignal): Promise<RunOutcome> {
    if (entry.starCount === stars) return 'unchanged';
    // Until Discord has answered, the shown number is unknown.
    if (entry.starCount !== null) await this.entries.setCount(entry, null, this.clock.now());
    const content = entryLine(stars, entry.channelId);
    const isThere = await this.posts.edit(channelOf(entry), entry.entryMessageId!, { content }, signal);
    if (isThere) await this.entries.setCount(entry, stars, this.clock.now());
    else await this.entries.withdraw(entry, this.clock.now());
    return isThere ? 'edited' : 'withdrawn';
  }

  private async start(details: PostDetails, entryChannelId: string, signal: AbortSignal): Promise<RunOutcome> {
    const { task, message } = details;
    const isEntryItself = await this.messages.isOwn(message, signal);
    if (isEntryItself && (await this.entries.isPost(task.guildId, message.id))) return 'unwanted';
    const { guildId, messageId, channelId } = task;
    const origin = await this.messages.origin(guildId, message, signal);
    const reservedAt = new Date(this.clock.now());
    const authorId = message.author.id;
    const reserved = await this.entries.reserve({
      guildId,
      messageId,
      channelId,
      authorId,
      origin,
      entryChannelId,
      reservedAt,
    });
    if (!reserved) return 'unwanted';
    let sent: DiscordMessage;
    try {
      sent = await this.send(reserved, details, signal);
    } catch (error) {
      // If the claim was lost, another instance may continue with the reservation.
      if (wasRefused(error) && !signal.aborted) await this.entries.release(reserved);
      throw error;
    }
    return this.finish(reserved, sent, details.stars, signal);
  }

  /** Continues with an entry that an interrupted run has reserved. It is unknown whether it was posted. */
  private async resume(entry: ActiveEntry, details: PostDetails, signal: AbortSignal): Promise<RunOutcome> {
    const found = await this.findPost(entry, signal);
    if (found) return this.finish(entry, found, details.stars, signal);
    if (!(await this.entries.mayStillBePosted(entry))) return this.remove(entry, signal);
    return this.finish(entry, await this.send(entry, details, signal), details.stars, signal);
  }

  private async send(entry: ActiveEntry, details: PostDetails, signal: AbortSignal): Promise<DiscordMessage> {
    try {
      return await this.sendWithPicture(entry, details, signal);
    } catch (error) {
      if (!isRefusalOfContent(error)) throw error;
      const action = `post message ${entry.messageId} on the starboard`;
      throw new PostRefusedError(explainDiscordError(error, { action }), error);
    }
  }

  private async sendWithPicture(
    entry: ActiveEntry,
    details: PostDetails,
    signal: AbortSignal,
  ): Promise<DiscordMessage> {
    const { task, message, isInThread } = details;
    const { guildId } = entry;
    const reply = await this.replyOf(guildId, message, signal);
    const send = async ({ url, file }: EntryImage) => {
      const embed = entryEmbed(message, { guildId, reply, imageUrl: url });
      const body = { content: entryLine(details.stars, entry.channelId), embeds: [embed] };
      const files = file ? [file] : [];
      return this.posts.send({ ...channelOf(entry), nonce: nonceOf(entry), body, files, isInThread }, signal);
    };
    const image = firstImage(message);
    if (image && task.attempts >= MAX_RUNS_WITH_UPLOADS) return send(linked(image));
    const premiumTier = () => this.messages.premiumTier(guildId, signal);
    return this.images.with(image, premiumTier, signal, async (shown) => {
      try {
        return await send(shown);
      } catch (error) {
        const isTooLarge = error instanceof DiscordError && error.code === REQUEST_ENTITY_TOO_LARGE;
        if (!image || !shown.file || !isTooLarge || error.mayHaveBeenDone) throw error;
        return send(linked(image));
      }
    });
  }

  /** @param post Discord's answer; because of the nonce, it may be an earlier post with another count */
  private async finish(
    entry: ActiveEntry,
    post: DiscordMessage,
    stars: number,
    signal: AbortSignal,
  ): Promise<RunOutcome> {
    const showsStars = post.content === entryLine(stars, entry.channelId);
    const shown = { starCount: showsStars ? stars : null, named: namedInReply(post.embeds) };
    const isThere = await this.entries.finish(entry, post.id, shown, this.clock.now());
    if (!isThere) return 'unwanted';
    if (showsStars) return 'posted';
    Object.assign(entry, { state: 'posted', entryMessageId: post.id, starCount: null });
    const outcome = await this.updateCount(entry, stars, signal);
    return outcome === 'edited' ? 'posted' : outcome;
  }

  private async reportContent({ guildId, channelId }: ClaimedTask, message: DiscordMessage, signal: AbortSignal) {
    const isShown = await this.messages.showsContent(message, signal);
    if (isShown === true) await this.problems.solveMissingContent(guildId);
    if (isShown === false) await this.problems.recordMissingContent(guildId, channelId, this.clock.now());
  }

  private async findPost(entry: ActiveEntry, signal: AbortSignal): Promise<DiscordMessage | undefined> {
    return this.posts.seek(channelOf(entry), entry, entry.reservedAt, signal);
  }

  private async replyOf(guildId: string, message: DiscordMessage, signal: AbortSignal) {
    const reply = await this.messages.reply(guildId, message, signal);
    if (reply?.authorId === undefined) return reply;
    const isErased = await this.entries.isErased(guildId, reply.authorId, reply.messageId);
    return isErased ? { ...reply, authorId: undefined } : reply;
  }

  private isSettled({ updatedAt }: ActiveEntry): boolean {
    return updatedAt !== null && updatedAt.getTime() + SETTLED_AFTER_MS <= this.clock.now();
  }
}

interface PostDetails {
  task: ClaimedTask;
  message: DiscordMessage;
  stars: number;
  isInThread: boolean;
}

function channelOf({ guildId, entryChannelId }: ActiveEntry): StarboardChannel {
  return { guildId, channelId: entryChannelId };
}

/** Whether Discord refused until a person changes something, and the call had no effect. */
function wasRefused(error: unknown): boolean {
  const isRefusal = error instanceof ChannelProblemError || error instanceof PostRefusedError;
  return isRefusal && error.cause instanceof DiscordError && !error.cause.mayHaveBeenDone;
}

/** The nonce of a reservation, the same for every attempt. At most 22 characters; Discord allows 25. */
function nonceOf({ messageId, reservedAt }: ActiveEntry): string {
  return `${BigInt(messageId).toString(36)}${reservedAt.getTime().toString(36).padStart(9, '0')}`;
}
