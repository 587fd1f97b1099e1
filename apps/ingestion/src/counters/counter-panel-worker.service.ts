import {
  Injectable,
  Optional,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import pLimit from 'p-limit';
import type { EntityManager } from 'typeorm';
import { CounterTypes } from '#libs/contracts';
import {
  endRefresh,
  failRefresh,
  refreshes,
  requestAllRefreshes,
  requestRefresh,
  retryCreations,
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
/** While the database fails. */
const PAUSES = { firstMs: POLL_MS, longestMs: 60_000 };
/** What reading the work list may take. */
const READ_MS = 30_000;
/** A read that hangs may hold a connection for long; others are tried meanwhile, as theirs may be good. */
const READS_AT_ONCE = 2;
/** How often guilds are looked for that have no moment of their own yet. */
const SCHEDULE_MS = 60_000;
/** Guilds that an instance refreshes at once. A slow one takes one of these places. */
const GUILDS_AT_ONCE = 8;
/** Each is there for guilds that became due while those before it are at slow ones: more slow ones have no place. */
const RUNS_AT_ONCE = GUILDS_AT_ONCE;
/** Guilds that an instance knows to be due at once. */
const GUILDS_IN_SIGHT = 200;
/** What one guild may take: its lease outlives that. */
const REFRESH_MS = 4 * 60_000;
/** What removing abandoned channels may take; each of them has a deadline of its own. */
const REMOVALS_MS = 30 * 60_000;

/**
 * Keeps the counters in Discord as the counts are. Every ingestion instance works at it; a claim lets one of them at a
 * guild. Nothing else waits for it.
 */
@Injectable()
export class CounterPanelWorker implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly abandoned?: AbandonedChannels;
  private readonly atOnce = pLimit(GUILDS_AT_ONCE);
  private readonly stopping = new AbortController();
  private readonly inSight = new Set<string>();
  private readonly running = new Set<Promise<void>>();
  private scheduleAtMs = 0;
  /** Reads of the work list that have no answer yet. */
  private reads = 0;
  /** Of the database. */
  private readonly backOff = new BackOff(PAUSES);
  private pausedUntil = 0;
  private readonly nap: WakeableSleep;
  private loop?: Promise<void>;
  private readonly removals?: Rounds;

  constructor(
    private readonly database: Database,
    private readonly types: CounterTypes,
    private readonly metrics: CounterPanelMetrics,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @Optional() private readonly discord?: DiscordClient,
  ) {
    this.nap = new WakeableSleep(clock);
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
        logger.error({ error: describeError(error), pause_ms }, 'counter panels: abandoned channels cannot be removed');
      },
      clock,
    });
  }

  onApplicationBootstrap(): void {
    if (this.discord === undefined) return;
    this.loop = this.keepRunning(this.discord);
    this.removals?.start();
  }

  /** Begins nothing more. Nest waits for one module after the other, so it tells all of them before. */
  beforeApplicationShutdown(): void {
    this.stopping.abort();
    this.nap.wake();
    this.removals?.abort();
  }

  async onApplicationShutdown(): Promise<void> {
    this.beforeApplicationShutdown();
    await this.removals?.stop();
    await this.loop;
    await Promise.all(this.running);
  }

  /**
   * `counter_panel.refresh`: makes a guild due now, or all of them. What could not be removed of a guild is tried again.
   *
   * @returns false for a guild that shows no counters; undefined without a token
   */
  async request(guildId: string | undefined): Promise<boolean | undefined> {
    if (this.discord === undefined) return undefined;
    const { manager } = this.database.dataSource;
    let isWanted = true;
    if (guildId === undefined) await requestAllRefreshes(manager);
    else {
      isWanted = await requestRefresh(manager, guildId);
      await retryCreations(manager, guildId);
      this.removals?.wake();
    }
    this.nap.wake();
    return isWanted;
  }

  /**
   * Refreshes what is due now. Resolves when all that it has begun is over; what is under way is not begun again.
   *
   * @throws the database's error when the work list cannot be read or claimed; no more is begun then
   */
  async runDue(): Promise<void> {
    const { discord, abandoned } = this;
    if (discord === undefined || abandoned === undefined || !this.database.isUsable) return;
    // Whatever becomes of one, the other is waited for.
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

  /** @throws DeadlineError, or Error when earlier reads hang */
  private async read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    if (this.reads >= READS_AT_ONCE) throw new Error('earlier reads of the work list have no answer yet');
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
    while (await this.refreshInSight(discord));
  }

  /** @returns whether there may be more to do at once */
  private async refreshInSight(discord: DiscordClient): Promise<boolean> {
    // After a failure one guild tries whether the database works again.
    const limit = this.backOff.failures > 0 ? 1 : GUILDS_IN_SIGHT;
    const due = await this.read((manager) => refreshes.findDue(manager, limit));
    this.metrics.setDue(due.length);
    // Guilds that other runs are at say nothing of the database.
    if (due.length === 0) this.backOff.succeeded();
    const fresh = due.filter(({ guildId }) => !this.inSight.has(guildId));
    for (const { guildId } of fresh) this.inSight.add(guildId);
    let claimed = 0;
    const failing = new AbortController();
    const begin = async (row: DueRefresh) => {
      if (failing.signal.aborted || this.stopping.signal.aborted) return;
      // From then on the lease is anybody's, so whatever hangs has no right to its place.
      const deadline = { what: `refreshing guild ${row.guildId}`, ms: refreshes.leaseMs, clock: this.clock };
      if (await withDeadline(deadline, this.refresh(discord, row))) claimed++;
    };
    await Promise.all(
      fresh.map((row) =>
        this.atOnce(() => begin(row))
          .catch((error: unknown) => failing.abort(error))
          .finally(() => this.inSight.delete(row.guildId)),
      ),
    );
    failing.signal.throwIfAborted();
    // What others hold or have locked waits for the next look.
    return claimed > 0 && due.length === limit && !this.stopping.signal.aborted;
  }

  /** @returns whether the guild was claimed @throws the database's error when that cannot be done */
  private async refresh(discord: DiscordClient, due: DueRefresh): Promise<boolean> {
    const { clock, metrics, types } = this;
    const { dataSource } = this.database;
    const { signal } = this.stopping;
    const claim = await refreshes.claim(dataSource, due);
    this.backOff.succeeded();
    if (claim === undefined) return false;
    try {
      const parts = { dataSource, discord, types, clock, metrics };
      const deadline = { what: 'the refresh', ms: REFRESH_MS, signal, clock };
      const pauseMs = await withDeadline(deadline, (own) => new PanelRefresh(parts, claim, own).run());
      metrics.countRefresh('done');
      await endRefresh(dataSource.manager, claim, pauseMs);
    } catch (error) {
      await failRefresh(dataSource.manager, claim).catch(() => undefined); // the lease ends by itself
      if (signal.aborted) return true;
      metrics.countRefresh('failed');
      const ids = { guild_id: due.guildId };
      if (this.database.noteFailure(error, ids)) return true;
      this.logger.warn({ ...ids, error: describeError(error) }, 'counter panels could not be refreshed');
    }
    return true;
  }

  private startRun(discord: DiscordClient): void {
    const run = this.refreshDue(discord)
      .catch((error: unknown) => this.pauseAfter(error))
      .finally(() => this.running.delete(run));
    this.running.add(run);
  }

  /** Runs that fail together count, and are told, once. */
  private pauseAfter(error: unknown): void {
    const now = this.clock.now();
    if (this.stopping.signal.aborted || now < this.pausedUntil) return;
    const pause_ms = this.backOff.next();
    this.pausedUntil = now + pause_ms;
    if (this.database.noteFailure(error)) return;
    this.logger.error({ error: describeError(error), pause_ms }, 'counter panels: the work list cannot be read');
  }

  private async keepRunning(discord: DiscordClient): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const mayRun = this.clock.now() >= this.pausedUntil && this.running.size < RUNS_AT_ONCE;
      if (mayRun && this.database.isUsable) this.startRun(discord);
      await this.nap.sleep(POLL_MS);
    }
  }
}
