import {
  Injectable,
  Optional,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Database, keepLease } from '#libs/database';
import { LOOK_ROUND_MS } from '#libs/starboard';
import { DiscordClient } from '#libs/discord';
import { BackOff, Clock, WakeableSleep } from '#libs/timing';
import { describeError, Logger, type LogIds } from '#libs/observability';
import { StarboardMetrics } from './starboard.metrics.js';
import { StarboardTasks, type DueTask } from './starboard-tasks.queries.js';
import { TaskRunner } from './task-runner.service.js';

const POLL_MS = 1_000;
/** The back-off while the database fails. */
const PAUSES = { firstMs: POLL_MS, longestMs: 60_000 };
const CLEAN_UP_MS = 30_000;
const RENEW_MS = 10_000;
/** The maximum number of concurrent tasks, each of another guild, so that a slow guild uses only one of them. */
const AT_ONCE = 32;

/**
 * Processes the work list of the starboard, in every ingestion instance with a token. A claim lets one instance run a
 * task.
 */
@Injectable()
export class StarboardWorker implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  /** The running tasks, by guild. */
  private readonly running = new Map<string, { done: Promise<void>; abort: AbortController }>();
  private readonly stopping = new AbortController();
  private working?: Promise<void>;
  private readonly pollSleep: WakeableSleep;
  private cleanedUpAt = 0;
  private lookedAt = 0;
  private readonly backOff = new BackOff(PAUSES);
  private pausedUntil = 0;
  private hasLoggedRefusedToken = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly tasks: StarboardTasks,
    private readonly runner: TaskRunner,
    private readonly metrics: StarboardMetrics,
    private readonly logger: Logger,
    @Optional() private readonly discord?: DiscordClient,
  ) {
    this.pollSleep = new WakeableSleep(clock);
  }

  onApplicationBootstrap(): void {
    if (this.discord !== undefined) this.working = this.work(this.discord);
  }

  /** Starts no more tasks. Nest calls this hook of all modules first, then awaits the shutdown of one after another. */
  beforeApplicationShutdown(): void {
    this.stopping.abort(new Error('the service stops'));
    this.pollSleep.wake();
    for (const { abort } of this.running.values()) abort.abort(this.stopping.signal.reason);
  }

  async onApplicationShutdown(): Promise<void> {
    this.beforeApplicationShutdown();
    await this.working;
    await Promise.all([...this.running.values()].map(({ done }) => done));
  }

  /** Checks for due tasks now. */
  wake(): void {
    this.pollSleep.wake();
  }

  private async work(discord: DiscordClient): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        if (this.database.isUsable && this.mayCall(discord) && !this.isPaused) await this.startDue();
      } catch (error) {
        this.pauseAfter(error, 'reading starboard tasks failed, retrying');
      }
      await this.pollSleep.sleep(POLL_MS);
    }
  }

  /** Checks a refused token every few minutes, because nothing else calls Discord meanwhile. */
  private mayCall(discord: DiscordClient): boolean {
    const isRefused = discord.health.status !== 'ok';
    if (isRefused) discord.keepHealthCurrent();
    if (isRefused && !this.hasLoggedRefusedToken) {
      this.logger.error('Discord does not accept the token: the starboard is paused');
    }
    this.hasLoggedRefusedToken = isRefused;
    return !isRefused;
  }

  private async startDue(): Promise<void> {
    const now = this.clock.now();
    if (now - this.cleanedUpAt >= CLEAN_UP_MS) {
      this.cleanedUpAt = now;
      await this.tasks.deleteExpired();
      this.metrics.setWaiting(await this.tasks.count());
    }
    if (now - this.lookedAt >= LOOK_ROUND_MS) {
      this.lookedAt = now;
      await this.tasks.requestDueLooks();
    }
    const busy = [...this.running.keys()];
    // After a failure, a single task checks whether the database works again.
    const atOnce = this.backOff.failures > 0 ? 1 : AT_ONCE;
    // Repeated without the guilds found so far, because a guild with many tasks hides others.
    while (busy.length < atOnce) {
      const due = await this.tasks.listDue(busy, atOnce - busy.length);
      if (due.length === 0 || this.stopping.signal.aborted) return;
      for (const task of due) this.start(task);
      busy.push(...due.map(({ guildId }) => guildId));
    }
  }

  private start(task: DueTask): void {
    const abort = new AbortController();
    const done = this.run(task, abort)
      .then(
        (wasClaimed) => {
          this.backOff.succeeded();
          // A task that could not be claimed is left for the next poll.
          return wasClaimed;
        },
        (error: unknown) => {
          if (abort.signal.aborted) return true; // it is retried after the lease has expired
          const ids = { guild_id: task.guildId };
          this.pauseAfter(error, 'a starboard task failed, retrying after its lease has expired', ids);
          return true;
        },
      )
      .then((wasClaimed) => {
        this.running.delete(task.guildId);
        if (wasClaimed) this.wake();
      });
    this.running.set(task.guildId, { done, abort });
  }

  /** @returns false if the task could not be claimed */
  private async run(due: DueTask, abort: AbortController): Promise<boolean> {
    const task = await this.tasks.claim(due);
    if (!task) return false;
    // Aborts the run if the lease is lost, so that two instances never work on the same message.
    const onLost = () => abort.abort(new Error('the lease has expired'));
    const renewing = keepLease(() => this.tasks.renew(task), RENEW_MS, onLost);
    try {
      await this.runner.run(task, abort.signal);
      return true;
    } catch (error) {
      if (this.stopping.signal.aborted) await this.tasks.postpone(task, 0);
      throw error;
    } finally {
      renewing.stop();
      await renewing.settled();
    }
  }

  private get isPaused(): boolean {
    return this.clock.now() < this.pausedUntil;
  }

  /** Concurrent failures are counted and logged once. */
  private pauseAfter(error: unknown, message: string, ids: LogIds = {}): void {
    if (this.isPaused) return;
    const pause_ms = this.backOff.next();
    this.pausedUntil = this.clock.now() + pause_ms;
    if (this.database.noteFailure(error, ids)) return;
    this.logger.error({ ...ids, error: describeError(error), pause_ms }, message);
  }
}
