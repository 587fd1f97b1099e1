import { Injectable, Optional } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isUnavailable, type StarboardAction } from '#libs/database';
import { DiscordClient, DiscordError } from '#libs/discord';
import { forgetDeletedChannel } from '#libs/settings';
import { Clock } from '#libs/timing';
import { describeError, Logger } from '#libs/observability';
import { ChannelAccess } from './channel-access.js';
import { EntryImages } from './entry-image.service.js';
import { ErasedPosts } from './erased-posts.js';
import { MessageFollower } from './message-follower.js';
import { ChannelProblemError, PostRefusedError, RunPostponedError, StarboardChannelGoneError } from './run-errors.js';
import { isActive, StarboardEntries, type ActiveEntry, type StarboardSettings } from './starboard-entries.queries.js';
import { StarboardMetrics, type RunFailure, type RunOutcome } from './starboard.metrics.js';
import { StarboardProblems } from './starboard-problems.queries.js';
import { StarboardTasks, type ClaimedTask } from './starboard-tasks.queries.js';

/** The pause while Discord does not accept the token. */
const UNAUTHORIZED_PAUSE_MS = 2_000;
const MAX_JITTER_MS = 500;

/** Runs one task of the work list, and stores its outcome. */
@Injectable()
export class TaskRunner {
  private readonly follower?: MessageFollower;
  private readonly erasedPosts?: ErasedPosts;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly tasks: StarboardTasks,
    private readonly entries: StarboardEntries,
    private readonly problems: StarboardProblems,
    private readonly metrics: StarboardMetrics,
    private readonly logger: Logger,
    images: EntryImages,
    @Optional() discord?: DiscordClient,
  ) {
    if (discord === undefined) return;
    const access = new ChannelAccess(discord, clock, problems);
    this.follower = new MessageFollower({ discord, access, entries, problems, images, clock });
    this.erasedPosts = new ErasedPosts(discord, access, entries, clock);
  }

  /**
   * Afterwards the task is done, scheduled for a retry, or given up.
   *
   * @throws the signal's reason, or an error of the database; the claim expires then
   */
  async run(task: ClaimedTask, signal: AbortSignal): Promise<void> {
    if (task.wasInterrupted && task.isHopeless) {
      this.metrics.countRun(await this.giveUp(task, 'its runs do not finish'));
      return;
    }
    try {
      this.metrics.countRun(await this.perform(task, signal));
      await this.tasks.complete(task);
    } catch (error) {
      signal.throwIfAborted();
      const failure = (await this.isLost(task, error, signal))
        ? await this.giveUpErasures(task)
        : await this.settle(task, error);
      if (failure) this.metrics.countRun(failure);
    }
  }

  private async perform(task: ClaimedTask, signal: AbortSignal): Promise<RunOutcome> {
    try {
      if (task.task === 'follow') return await this.follow(task, signal);
      // Erasures do not wait for problems of posting, because deleting needs fewer permissions.
      return await this.erasedPosts![task.task](task, signal);
    } catch (error) {
      if (!(error instanceof StarboardChannelGoneError)) throw error;
      await forgetDeletedChannel(this.dataSource, error.guildId, error.channelId);
      // The entry in the deleted starboard channel is gone. The message may get one in the current channel.
      const hasStarboard = task.task === 'follow' && (await this.entries.settings(task.guildId)) !== undefined;
      return hasStarboard ? this.perform(task, signal) : 'channel_gone';
    }
  }

  private async follow(task: ClaimedTask, signal: AbortSignal): Promise<RunOutcome> {
    const settings = await this.entries.settings(task.guildId);
    if (!settings) return 'unwanted';
    const entry = (await this.entries.find(task.guildId, task.messageId)) ?? undefined;
    if (entry && !isActive(entry)) return 'withdrawn';
    if (!entry && settings.channelId === task.channelId) return 'unwanted';
    await this.requireNotHeld(task, settings, entry);
    return this.follower!.follow(task, settings, entry, signal);
  }

  /** @throws RunPostponedError while a known problem blocks an action that the run needs */
  private async requireNotHeld(
    task: ClaimedTask,
    settings: StarboardSettings,
    entry: ActiveEntry | undefined,
  ): Promise<void> {
    // A hopeless task is tried once more, so that it is not given up after only waiting.
    if (task.isHopeless) return;
    const now = this.clock.now();
    const source = entry?.channelId ?? task.channelId;
    const starboard = entry?.entryChannelId ?? settings.channelId;
    const known = await this.problems.of(task.guildId, [source, starboard]);
    const actions = actionsOnStarboard(entry);
    const longest = known
      .filter(({ channelId, action, retryAt }) => retryAt > now && (channelId === source || actions.includes(action)))
      .toSorted((a, b) => b.retryAt - a.retryAt)[0];
    if (longest) throw new RunPostponedError(longest.retryAt - now, longest.problem);
  }

  /** @returns undefined if the error is not a failure of the task */
  private async settle(task: ClaimedTask, error: unknown): Promise<RunFailure | undefined> {
    if (error instanceof RunPostponedError) {
      await this.tasks.postpone(task, error.pauseMs, error.problem);
      return 'held';
    }
    if (error instanceof ChannelProblemError) {
      const now = this.clock.now();
      const { until, isNew } = await this.problems.record(error.details, now);
      if (isNew) {
        const { action, problem } = error.details;
        const details = { guild_id: task.guildId, channel_id: error.details.channelId, action, error: problem };
        this.logger.warn(details, 'the starboard does not work in a channel');
      }
      if (task.isHopeless) return this.giveUp(task, error.message);
      if (task.task !== 'follow') await this.tasks.holdErasures(task, until - now);
      await this.tasks.postpone(task, until - now, error.message);
      return 'problem';
    }
    // The token is invalid, which the readiness check reports.
    if (error instanceof DiscordError && error.kind === 'unauthorized') {
      await this.tasks.postpone(task, UNAUTHORIZED_PAUSE_MS);
      return undefined;
    }
    if (error instanceof DiscordError && error.retryAfterMs !== undefined) {
      await this.tasks.postpone(task, error.retryAfterMs + Math.random() * MAX_JITTER_MS);
      return 'rate_limited';
    }
    const isFromDiscord = error instanceof DiscordError || error instanceof PostRefusedError;
    if (!isFromDiscord && !isUnavailable(error))
      this.logger.error({ ...idsOf(task), error: describeError(error) }, 'a starboard task failed');
    const message = error instanceof Error ? error.message : String(error);
    if (task.isHopeless) return this.giveUp(task, message);
    await this.tasks.retry(task, message, error instanceof PostRefusedError ? error.problem : undefined);
    return 'failed';
  }

  /** Whether this is a task of an erasure in a guild that the bot has left, so that it can never succeed. */
  private async isLost({ task, guildId }: ClaimedTask, error: unknown, signal: AbortSignal): Promise<boolean> {
    return task !== 'follow' && error instanceof ChannelProblemError && this.erasedPosts!.isGuildGone(guildId, signal);
  }

  private async giveUpErasures({ guildId }: ClaimedTask): Promise<RunFailure> {
    const posts = await this.tasks.dropErasures(guildId);
    this.logger.warn({ guild_id: guildId, posts }, 'the bot has left a guild: giving up the removal of erased posts');
    return 'given_up';
  }

  private async giveUp(task: ClaimedTask, error: string): Promise<RunFailure> {
    await this.tasks.drop(task);
    const details = { ...idsOf(task), failing_since: task.failingSince, error: describeError(error) };
    this.logger.warn(details, 'a starboard task was given up');
    return 'given_up';
  }
}

function idsOf({ guildId, channelId, messageId, task }: ClaimedTask) {
  return { guild_id: guildId, channel_id: channelId, message_id: messageId, task };
}

/** The actions that the entry may need in its channel. Editing and deleting do not wait for problems of posting. */
function actionsOnStarboard(entry: ActiveEntry | undefined): readonly StarboardAction[] {
  if (!entry) return ['view', 'change', 'post'];
  return entry.state === 'reserved' ? ['view', 'change', 'post', 'read'] : ['view', 'change'];
}
