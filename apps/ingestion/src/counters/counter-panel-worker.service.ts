import { Injectable, Optional, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pLimit from 'p-limit';
import {
  claimRefresh,
  endRefresh,
  findDueGuilds,
  requestAllRefreshes,
  requestRefresh,
  scheduleNewGuilds,
} from '#libs/counters';
import { Database } from '#libs/database';
import { Clock, DiscordClient, withDeadline } from '#libs/discord';
import { describeError, Logger } from '#libs/observability';
import { growingPause } from '../retries/growing-pause.js';
import { AbandonedChannels } from './abandoned-channels.js';
import { CounterPanelMetrics } from './counter-panel.metrics.js';
import { PanelRefresh } from './panel-refresh.js';

const POLL_MS = 5_000;
/** While the database fails. */
const LONGEST_PAUSE_MS = 60_000;
/** How often guilds are looked for that have no moment of their own yet. */
const SCHEDULE_MS = 60_000;
/** Guilds that an instance refreshes at once. A slow one takes one of these places. */
const GUILDS_AT_ONCE = 8;
/** Guilds that an instance knows to be due at once. */
const GUILDS_IN_SIGHT = 200;
/** What one guild may take: its claim outlives that. */
const REFRESH_MS = 4 * 60_000;
const CLAIM_MS = 5 * 60_000;
const PAUSE_AFTER_FAILURE_MS = 60_000;

/**
 * Keeps the counters in Discord as the counts are. Every ingestion instance works at it; a claim lets one of them at a
 * guild. Nothing else waits for it.
 */
@Injectable()
export class CounterPanelWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly abandoned?: AbandonedChannels;
  private readonly atOnce = pLimit(GUILDS_AT_ONCE);
  private readonly stopping = new AbortController();
  private readonly inSight = new Set<string>();
  private readonly running = new Set<Promise<void>>();
  private scheduleAtMs = 0;
  /** Of the database, in a row. */
  private failures = 0;
  private pausedUntil = 0;
  private nap = new AbortController();
  private loop?: Promise<void>;
  private removing?: Promise<void>;

  constructor(
    private readonly database: Database,
    private readonly metrics: CounterPanelMetrics,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @Optional() private readonly discord?: DiscordClient,
  ) {
    const { dataSource } = database;
    if (discord !== undefined) this.abandoned = new AbandonedChannels({ dataSource, discord, clock, metrics, logger });
  }

  onApplicationBootstrap(): void {
    if (this.discord !== undefined) this.loop = this.keepRunning();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.nap.abort();
    await this.loop;
    await Promise.all(this.running);
  }

  /**
   * `counter_panel.refresh`: makes a guild due now, or all of them.
   *
   * @returns false for a guild that shows no counters; undefined without a token
   */
  async request(guildId: string | undefined): Promise<boolean | undefined> {
    if (this.discord === undefined) return undefined;
    const { manager } = this.database.dataSource;
    let isWanted = true;
    if (guildId === undefined) await requestAllRefreshes(manager, this.clock.now());
    else isWanted = await requestRefresh(manager, guildId, this.clock.now());
    this.nap.abort();
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
    this.removing ??= abandoned.remove(this.stopping.signal).finally(() => (this.removing = undefined));
    // Whatever becomes of one, the other is waited for.
    for (const outcome of await Promise.allSettled([this.removing, this.refreshDue(discord)])) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  private async refreshDue(discord: DiscordClient): Promise<void> {
    const { manager } = this.database.dataSource;
    const now = this.clock.now();
    if (now >= this.scheduleAtMs) {
      await scheduleNewGuilds(manager, now);
      this.scheduleAtMs = now + SCHEDULE_MS;
    }
    while (await this.refreshInSight(discord, now));
  }

  /** @returns whether there may be more to do at once */
  private async refreshInSight(discord: DiscordClient, now: number): Promise<boolean> {
    // After a failure one guild tries whether the database works again.
    const limit = this.failures > 0 ? 1 : GUILDS_IN_SIGHT;
    const due = await findDueGuilds(this.database.dataSource.manager, now, limit);
    this.metrics.setDue(due.length);
    const fresh = due.filter((guildId) => !this.inSight.has(guildId));
    for (const guildId of fresh) this.inSight.add(guildId);
    const failing = new AbortController();
    const begin = async (guildId: string) => {
      if (!failing.signal.aborted && !this.stopping.signal.aborted) await this.refresh(discord, guildId);
    };
    await Promise.all(
      fresh.map((guildId) =>
        this.atOnce(() => begin(guildId))
          .catch((error: unknown) => failing.abort(error))
          .finally(() => this.inSight.delete(guildId)),
      ),
    );
    failing.signal.throwIfAborted();
    return fresh.length > 0 && due.length === limit && !this.stopping.signal.aborted;
  }

  /** @throws the database's error when the guild cannot be claimed */
  private async refresh(discord: DiscordClient, guildId: string): Promise<void> {
    const { clock, metrics } = this;
    const { dataSource } = this.database;
    const { signal } = this.stopping;
    const claim = await claimRefresh(dataSource.manager, guildId, clock.now(), CLAIM_MS);
    this.failures = 0;
    if (claim === undefined) return;
    try {
      let dueAt: Date | undefined = new Date(clock.now() + PAUSE_AFTER_FAILURE_MS);
      try {
        const parts = { dataSource, discord, clock, metrics };
        dueAt = await withDeadline(clock, REFRESH_MS, (own) => new PanelRefresh(parts, claim, own).run(), signal);
        metrics.countRefresh('done');
      } finally {
        await endRefresh(dataSource.manager, claim, dueAt);
      }
    } catch (error) {
      if (signal.aborted) return;
      metrics.countRefresh('failed');
      this.logger.warn({ guild: guildId, error: describeError(error) }, 'counter panels could not be refreshed');
    }
  }

  private startRun(): void {
    const run = this.runDue()
      .then(
        () => {
          this.failures = 0;
        },
        (error: unknown) => this.pauseAfter(error),
      )
      .finally(() => this.running.delete(run));
    this.running.add(run);
  }

  /** Runs that fail together count, and are told, once. */
  private pauseAfter(error: unknown): void {
    const now = this.clock.now();
    if (this.stopping.signal.aborted || now < this.pausedUntil) return;
    this.failures++;
    const pauseMs = growingPause(this.failures, POLL_MS, LONGEST_PAUSE_MS);
    this.pausedUntil = now + pauseMs;
    this.logger.error({ error: describeError(error), pauseMs }, 'counter panels: the work list cannot be read');
  }

  private async keepRunning(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.nap = new AbortController();
      if (this.clock.now() >= this.pausedUntil) this.startRun();
      await this.clock.sleep(POLL_MS, this.nap.signal).catch(() => undefined);
    }
  }
}
