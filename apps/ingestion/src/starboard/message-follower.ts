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
import type { LivingEntry, StarboardEntries, StarboardSettings } from './starboard-entries.queries.js';
import type { RunOutcome } from './starboard.metrics.js';
import type { StarboardProblems } from './starboard-problems.queries.js';
import type { ClaimedTask } from './starboard-tasks.queries.js';
import { isNotice, StarredMessageReader } from './starred-message.reader.js';

export interface FollowerParts {
  discord: DiscordClient;
  access: ChannelAccess;
  entries: StarboardEntries;
  problems: StarboardProblems;
  images: EntryImages;
  clock: Clock;
}

/** A request to Discord whose sender died has arrived by then, or never will. */
const SETTLED_AFTER_MS = 60_000;
/** After so many failed runs it may be the picture that Discord does not take. */
const RUNS_WITH_UPLOADS = 3;
const REQUEST_ENTITY_TOO_LARGE = 40005;

/**
 * Brings the entry of one message up to date with what Discord tells of the message. Whatever interrupts it, doing it
 * again ends with one entry at most: a row is reserved before the post is sent, the post is sent with a nonce that
 * belongs to the reservation, and a reservation that is found again is first looked for in the starboard channel.
 *
 * Only whoever holds the claim of the message's task calls it.
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
    known: LivingEntry | undefined,
    signal: AbortSignal,
  ): Promise<RunOutcome> {
    let entry = known;
    if (entry?.state === 'removing') {
      await this.remove(entry, signal);
      entry = undefined;
    }
    const withoutEntry = (outcome: RunOutcome) => (entry ? this.remove(entry, signal, outcome) : outcome);

    // A hint may name another channel than the one in which the message was found.
    const found = entry ? { ...task, channelId: entry.channelId } : task;
    const message = await this.messages.read(found, signal);
    if (!message) return withoutEntry('gone');
    if (isNotice(message)) return withoutEntry('unwanted');
    const stars = await this.messages.countStars(found, message, settings.count, signal);
    if (stars < settings.count) return withoutEntry('below');
    const channelId = entry?.entryChannelId ?? settings.channelId;
    const { showing, starboardIsThread } = await this.messages.showing(found, message, channelId, signal);
    if (showing !== 'allowed') return withoutEntry(showing);
    await this.tellOfContent(found, message, signal);

    if (entry?.state === 'posted') return this.updateCount(entry, stars, signal);
    const details = { task: found, message, stars, isInThread: starboardIsThread };
    return entry ? this.resume(entry, details, signal) : this.start(details, channelId, signal);
  }

  /** Deletes the post of the entry, and then the entry; one whose post somebody else has deleted stays withdrawn. */
  private async remove(entry: LivingEntry, signal: AbortSignal, why?: RunOutcome): Promise<RunOutcome> {
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

  private async updateCount(entry: LivingEntry, stars: number, signal: AbortSignal): Promise<RunOutcome> {
    if (entry.starCount === stars) return 'unchanged';
    // Until Discord has answered, nobody knows what the post says.
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
      // Whoever lost the claim may have lost it to somebody who goes on with the reservation.
      if (wasRefused(error) && !signal.aborted) await this.entries.release(reserved);
      throw error;
    }
    return this.finish(reserved, sent, details.stars, signal);
  }

  /** The entry was reserved by a run that did not come to its end: nobody knows whether it was posted. */
  private async resume(entry: LivingEntry, details: PostDetails, signal: AbortSignal): Promise<RunOutcome> {
    const found = await this.findPost(entry, signal);
    if (found) return this.finish(entry, found, details.stars, signal);
    if (!(await this.entries.mayStillBePosted(entry))) return this.remove(entry, signal);
    return this.finish(entry, await this.send(entry, details, signal), details.stars, signal);
  }

  private async send(entry: LivingEntry, details: PostDetails, signal: AbortSignal): Promise<DiscordMessage> {
    try {
      return await this.sendWithPicture(entry, details, signal);
    } catch (error) {
      if (!isRefusalOfContent(error)) throw error;
      const action = `post message ${entry.messageId} on the starboard`;
      throw new PostRefusedError(explainDiscordError(error, { action }), error);
    }
  }

  private async sendWithPicture(
    entry: LivingEntry,
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
    if (image && task.attempts >= RUNS_WITH_UPLOADS) return send(linked(image));
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

  /** @param post as Discord has it: by its nonce it may be one that was sent before, with another count */
  private async finish(
    entry: LivingEntry,
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

  private async tellOfContent({ guildId, channelId }: ClaimedTask, message: DiscordMessage, signal: AbortSignal) {
    const isShown = await this.messages.showsContent(message, signal);
    if (isShown === true) await this.problems.seeContent(guildId);
    if (isShown === false) await this.problems.missContent(guildId, channelId, this.clock.now());
  }

  private async findPost(entry: LivingEntry, signal: AbortSignal): Promise<DiscordMessage | undefined> {
    return this.posts.seek(channelOf(entry), entry, entry.reservedAt, signal);
  }

  private async replyOf(guildId: string, message: DiscordMessage, signal: AbortSignal) {
    const reply = await this.messages.reply(guildId, message, signal);
    if (reply?.authorId === undefined) return reply;
    const isErased = await this.entries.isErased(guildId, reply.authorId, reply.messageId);
    return isErased ? { ...reply, authorId: undefined } : reply;
  }

  private isSettled({ updatedAt }: LivingEntry): boolean {
    return updatedAt !== null && updatedAt.getTime() + SETTLED_AFTER_MS <= this.clock.now();
  }
}

interface PostDetails {
  task: ClaimedTask;
  message: DiscordMessage;
  stars: number;
  isInThread: boolean;
}

function channelOf({ guildId, entryChannelId }: LivingEntry): StarboardChannel {
  return { guildId, channelId: entryChannelId };
}

/** A person has to put something right first, and nothing was done in Discord. */
function wasRefused(error: unknown): boolean {
  const isRefusal = error instanceof ChannelProblemError || error instanceof PostRefusedError;
  return isRefusal && error.cause instanceof DiscordError && !error.cause.mayHaveBeenDone;
}

/** The same for every attempt of a reservation, and for no other: 22 characters at most, of Discord's 25. */
function nonceOf({ messageId, reservedAt }: LivingEntry): string {
  return `${BigInt(messageId).toString(36)}${reservedAt.getTime().toString(36).padStart(9, '0')}`;
}
