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
/** While the database fails. */
const PAUSES = { firstMs: POLL_MS, longestMs: 60_000 };
const SWEEP_MS = 30_000;
const RENEW_MS = 10_000;
/** Tasks under way at once, each of another guild: a guild for which Discord is slow keeps one of these. */
const AT_ONCE = 32;

/** Carries out the work list of the starboard; every ingestion instance with a token does, each task once. */
@Injectable()
export class StarboardWorker implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  /** By guild: what runs. */
  private readonly running = new Map<string, { done: Promise<void>; abort: AbortController }>();
  private readonly stopping = new AbortController();
  private working?: Promise<void>;
  private readonly nap: WakeableSleep;
  private sweptAt = 0;
  private lookedAt = 0;
  /** Of the database. */
  private readonly backOff = new BackOff(PAUSES);
  private pausedUntil = 0;
  private saidThatTokenIsRefused = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly tasks: StarboardTasks,
    private readonly runner: TaskRunner,
    private readonly metrics: StarboardMetrics,
    private readonly logger: Logger,
    @Optional() private readonly discord?: DiscordClient,
  ) {
    this.nap = new WakeableSleep(clock);
  }

  onApplicationBootstrap(): void {
    if (this.discord !== undefined) this.working = this.work(this.discord);
  }

  /** Begins nothing more. Nest waits for one module after the other, so it tells all of them before. */
  beforeApplicationShutdown(): void {
    this.stopping.abort(new Error('the service stops'));
    this.nap.wake();
    for (const { abort } of this.running.values()) abort.abort(this.stopping.signal.reason);
  }

  async onApplicationShutdown(): Promise<void> {
    this.beforeApplicationShutdown();
    await this.working;
    await Promise.all([...this.running.values()].map(({ done }) => done));
  }

  /** There may be something to do. */
  wake(): void {
    this.nap.wake();
  }

  private async work(discord: DiscordClient): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        if (this.database.isUsable && this.mayCall(discord) && !this.isPaused) await this.startDue();
      } catch (error) {
        this.pauseAfter(error, 'the work of the starboard cannot be read, trying again');
      }
      await this.nap.sleep(POLL_MS);
    }
  }

  /** A refused token is asked about again every few minutes, as nothing else here calls Discord meanwhile. */
  private mayCall(discord: DiscordClient): boolean {
    const isRefused = discord.health.status !== 'ok';
    if (isRefused) discord.keepHealthCurrent();
    if (isRefused && !this.saidThatTokenIsRefused) {
      this.logger.error('Discord does not accept the token: the starboard stands still until it does');
    }
    this.saidThatTokenIsRefused = isRefused;
    return !isRefused;
  }

  private async startDue(): Promise<void> {
    const now = this.clock.now();
    if (now - this.sweptAt >= SWEEP_MS) {
      this.sweptAt = now;
      await this.tasks.sweep();
      this.metrics.setWaiting(await this.tasks.count());
    }
    if (now - this.lookedAt >= LOOK_ROUND_MS) {
      this.lookedAt = now;
      await this.tasks.requestDueLooks();
    }
    const busy = [...this.running.keys()];
    // After a failure one task tries whether the database works again.
    const atOnce = this.backOff.failures > 0 ? 1 : AT_ONCE;
    // Again without the guilds that were found: one with a long list of work hides all others.
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
          // What somebody else holds or has locked waits for the next look.
          return wasClaimed;
        },
        (error: unknown) => {
          if (abort.signal.aborted) return true; // what is left of it is done after the lease
          this.pauseAfter(error, 'a starboard task was left to its lease', { guild_id: task.guildId });
          return true;
        },
      )
      .then((wasClaimed) => {
        this.running.delete(task.guildId);
        if (wasClaimed) this.wake();
      });
    this.running.set(task.guildId, { done, abort });
  }

  /** @returns false when somebody else holds the task, or has it locked */
  private async run(due: DueTask, abort: AbortController): Promise<boolean> {
    const task = await this.tasks.claim(due);
    if (!task) return false;
    // Ends the run when the lease is lost, so that no two instances work on one message.
    const onLost = () => abort.abort(new Error('the lease ran out'));
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

  /** What fails together with others counts, and is told, once. */
  private pauseAfter(error: unknown, message: string, ids: LogIds = {}): void {
    if (this.isPaused) return;
    const pause_ms = this.backOff.next();
    this.pausedUntil = this.clock.now() + pause_ms;
    if (this.database.noteFailure(error, ids)) return;
    this.logger.error({ ...ids, error: describeError(error), pause_ms }, message);
  }
}
