import {
  Injectable,
  Optional,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import pLimit from 'p-limit';
import type { EntityManager } from 'typeorm';
import { RetentionConfig } from '#libs/config';
import { CounterTypes, StatisticsContract } from '#libs/contracts';
import {
  endRefresh,
  failRefresh,
  refreshes,
  requestAllRefreshes,
  requestRefresh,
  retryRemovals,
  scheduleNewGuilds,
  type DueRefresh,
} from '#libs/counters';
import { Database } from '#libs/database';
import { DiscordClient } from '#libs/discord';
import { BackOff, Clock, Rounds, WakeableSleep, withDeadline } from '#libs/timing';
import { describeError, Logger } from '#libs/observability';
import { AbandonedChannels } from './abandoned-channels.js';
import { CounterPanelMetrics } from './counter-panel.metrics.js';
import { PanelRefresh } from './panel-refresh.js';

const POLL_MS = 5_000;
/** The back-off while the database fails. */
const PAUSES = { firstMs: POLL_MS, longestMs: 60_000 };
/** The deadline for reading the work list. */
const READ_MS = 30_000;
/** A read that hangs may hold its connection for long. Another read may use a working connection meanwhile. */
const MAX_READS = 2;
/** How often new guilds are scheduled. */
const SCHEDULE_MS = 60_000;
/** The number of guilds that an instance refreshes concurrently. */
const MAX_CONCURRENT_GUILDS = 8;
/** Concurrent runs: while earlier runs wait for slow guilds, a new run refreshes guilds that became due since. */
const MAX_RUNS = MAX_CONCURRENT_GUILDS;
/** The number of due guilds that a run reads at a time. */
const BATCH_SIZE = 200;
/** The deadline of one refresh. Shorter than the lease. */
const REFRESH_MS = 4 * 60_000;
/** The deadline for removing abandoned channels. Each channel also has its own deadline. */
const REMOVALS_MS = 30 * 60_000;

/**
 * Updates the counters in Discord. It runs in every ingestion instance; a claim lets one instance at a time refresh a
 * guild.
 */
@Injectable()
export class CounterPanelWorker implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly abandoned?: AbandonedChannels;
  private readonly guildLimit = pLimit(MAX_CONCURRENT_GUILDS);
  private readonly stopping = new AbortController();
  /** Guilds that a run of this instance has read and not finished yet. */
  private readonly runningGuilds = new Set<string>();
  private readonly runs = new Set<Promise<void>>();
  private scheduleAtMs = 0;
  /** Unanswered reads of the work list. */
  private reads = 0;
  private readonly backOff = new BackOff(PAUSES);
  private pausedUntil = 0;
  private readonly pollSleep: WakeableSleep;
  private loop?: Promise<void>;
  private readonly removals?: Rounds;

  constructor(
    private readonly database: Database,
    private readonly types: CounterTypes,
    private readonly contract: StatisticsContract,
    private readonly retention: RetentionConfig,
    private readonly metrics: CounterPanelMetrics,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @Optional() private readonly discord?: DiscordClient,
  ) {
    this.pollSleep = new WakeableSleep(clock);
    const { dataSource } = database;
    if (discord === undefined) return;
    const abandoned = new AbandonedChannels({ dataSource, discord, clock, metrics, logger });
    this.abandoned = abandoned;
    this.removals = new Rounds({
      round: (signal) => this.removeAbandoned(abandoned, signal),
      everyMs: POLL_MS,
      afterFailure: PAUSES,
      onFailure: (error, pause_ms) => {
        if (database.noteFailure(error)) return;
        logger.error({ error: describeError(error), pause_ms }, 'removing abandoned counter channels failed');
      },
      clock,
    });
  }

  onApplicationBootstrap(): void {
    if (this.discord === undefined) return;
    this.loop = this.keepRunning(this.discord);
    this.removals?.start();
  }

  /**
   * Starts no more refreshes. Nest calls this hook of all modules first, then awaits the shutdown of one after another.
   */
  beforeApplicationShutdown(): void {
    this.stopping.abort();
    this.pollSleep.wake();
    this.removals?.abort();
  }

  async onApplicationShutdown(): Promise<void> {
    this.beforeApplicationShutdown();
    await this.removals?.stop();
    await this.loop;
    await Promise.all(this.runs);
  }

  /**
   * `counter_panel.refresh`: makes one guild or all guilds due now. Failed removals of the one guild are retried.
   *
   * @returns false for a guild that shows no counters; undefined without a token
   */
  async request(guildId: string | undefined): Promise<boolean | undefined> {
    if (this.discord === undefined) return undefined;
    const { manager } = this.database.dataSource;
    let showsCounters = true;
    if (guildId === undefined) await requestAllRefreshes(manager);
    else {
      showsCounters = await requestRefresh(manager, guildId);
      await retryRemovals(manager, guildId);
      this.removals?.wake();
    }
    this.pollSleep.wake();
    return showsCounters;
  }

  /**
   * Refreshes the guilds that are due now, except those that are being refreshed already. Resolves when all refreshes
   * that it started have ended.
   *
   * @throws the database's error when the work list cannot be read or claimed; no more refreshes are started then
   */
  async runDue(): Promise<void> {
    const { discord, abandoned } = this;
    if (discord === undefined || abandoned === undefined || !this.database.isUsable) return;
    // allSettled, so that neither is left running when the other fails.
    const both = [this.removeAbandoned(abandoned, this.stopping.signal), this.refreshDue(discord)];
    for (const outcome of await Promise.allSettled(both)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  private async removeAbandoned(abandoned: AbandonedChannels, signal: AbortSignal): Promise<void> {
    if (!this.database.isUsable) return;
    const deadline = { what: 'removing abandoned channels', ms: REMOVALS_MS, clock: this.clock };
    await withDeadline(deadline, abandoned.remove(signal));
  }

  /** @throws DeadlineError, or Error if too many reads are unanswered */
  private async read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    if (this.reads >= MAX_READS) throw new Error('earlier reads of the work list are still unanswered');
    this.reads++;
    const reading = work(this.database.dataSource.manager).finally(() => this.reads--);
    return withDeadline({ what: 'reading the work list', ms: READ_MS, clock: this.clock }, reading);
  }

  private async refreshDue(discord: DiscordClient): Promise<void> {
    const now = this.clock.now();
    if (now >= this.scheduleAtMs) {
      await this.read((manager) => scheduleNewGuilds(manager));
      this.scheduleAtMs = now + SCHEDULE_MS;
    }
    while (await this.refreshBatch(discord));
  }

  /** @returns whether more guilds may be due now */
  private async refreshBatch(discord: DiscordClient): Promise<boolean> {
    // After a failure, a single guild checks whether the database works again.
    const limit = this.backOff.failures > 0 ? 1 : BATCH_SIZE;
    const due = await this.read((manager) => refreshes.findDue(manager, limit));
    this.metrics.setDue(due.length);
    // Only an empty list proves that reading works. Guilds of other runs do not prove that claiming works.
    if (due.length === 0) this.backOff.succeeded();
    const others = due.filter(({ guildId }) => !this.runningGuilds.has(guildId));
    for (const { guildId } of others) this.runningGuilds.add(guildId);
    let claimed = 0;
    const failing = new AbortController();
    const start = async (row: DueRefresh) => {
      if (failing.signal.aborted || this.stopping.signal.aborted) return;
      // After the lease has expired, another instance may refresh the guild, so a refresh that hangs is abandoned.
      const deadline = { what: `refreshing guild ${row.guildId}`, ms: refreshes.leaseMs, clock: this.clock };
      if (await withDeadline(deadline, this.refresh(discord, row))) claimed++;
    };
    await Promise.all(
      others.map((row) =>
        this.guildLimit(() => start(row))
          .catch((error: unknown) => failing.abort(error))
          .finally(() => this.runningGuilds.delete(row.guildId)),
      ),
    );
    failing.signal.throwIfAborted();
    // Guilds that could not be claimed are left for the next poll.
    return claimed > 0 && due.length === limit && !this.stopping.signal.aborted;
  }

  /** @returns whether the guild was claimed @throws the database's error if claiming fails */
  private async refresh(discord: DiscordClient, due: DueRefresh): Promise<boolean> {
    const { clock, metrics, types, contract, retention, logger } = this;
    const { dataSource } = this.database;
    const { signal } = this.stopping;
    const claim = await refreshes.claim(dataSource, due);
    this.backOff.succeeded();
    if (claim === undefined) return false;
    try {
      const parts = { dataSource, discord, types, contract, retention, clock, metrics, logger };
      const deadline = { what: 'the refresh', ms: REFRESH_MS, signal, clock };
      const pauseMs = await withDeadline(deadline, (own) => new PanelRefresh(parts, claim, own).run());
      metrics.countRefresh('done');
      await endRefresh(dataSource.manager, claim, pauseMs);
    } catch (error) {
      await failRefresh(dataSource.manager, claim).catch(() => undefined); // the lease expires
      if (signal.aborted) return true;
      metrics.countRefresh('failed');
      const ids = { guild_id: due.guildId };
      if (this.database.noteFailure(error, ids)) return true;
      this.logger.warn({ ...ids, error: describeError(error) }, 'refreshing the counters of a guild failed');
    }
    return true;
  }

  private startRun(discord: DiscordClient): void {
    const run = this.refreshDue(discord)
      .catch((error: unknown) => this.pauseAfter(error))
      .finally(() => this.runs.delete(run));
    this.runs.add(run);
  }

  /** Concurrent runs that fail together are counted and logged once. */
  private pauseAfter(error: unknown): void {
    const now = this.clock.now();
    if (this.stopping.signal.aborted || now < this.pausedUntil) return;
    const pause_ms = this.backOff.next();
    this.pausedUntil = now + pause_ms;
    if (this.database.noteFailure(error)) return;
    this.logger.error({ error: describeError(error), pause_ms }, 'reading or claiming due counter panels failed');
  }

  private async keepRunning(discord: DiscordClient): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const mayRun = this.clock.now() >= this.pausedUntil && this.runs.size < MAX_RUNS;
      if (mayRun && this.database.isUsable) this.startRun(discord);
      await this.pollSleep.sleep(POLL_MS);
    }
  }
}
