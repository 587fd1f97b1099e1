import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { StatisticsContract } from '#libs/contracts';
import { BackOff, FailingItems, systemClock } from '#libs/timing';
import {
  ADVISORY_LOCK_CLASSES,
  isConnectionFailure,
  SQLSTATE,
  sqlState,
  readEventHorizon,
  lockStripeByNumber,
  lockStripesShared,
} from '#libs/database';
import { KindGroups } from './kind-groups.js';
import { DAY_MS, SPANS } from './buckets.js';
import { deleteGroups, recomputeGroups } from './recompute-groups.js';
import { recomputeTotals } from './recompute-totals.js';
import {
  claimedBuckets,
  claimStaleBuckets,
  clearStaleBuckets,
  findRollupBatches,
  markDaysStale,
  oldestStaleBuckets,
  settledDays,
  type BucketSelection,
  type RollupBatch,
  type StaleBucket,
} from './stale-buckets.js';
import { TransactionPace } from './transaction-pace.js';

/** 15-minute buckets with at least this many events have groups, because reading the events would cost more. */
const BUSY_BUCKET_EVENTS = 100;

export interface RollupOutcome {
  /** Settled stale buckets at the start of the run. */
  found: number;
  /** Computed 15-minute buckets. */
  buckets: number;
  /** Computed days. */
  days: number;
  /** Guilds whose rollups could not be computed. */
  failures: { guildId: string; error: unknown }[];
}

/** Attempts of a transaction, each with fewer buckets, while Postgres's lock table is full. */
const LOCK_TABLE_ATTEMPTS = 5;
const LOCK_TABLE_PAUSES = { firstMs: 200, longestMs: 2_000 };
const FAILING_GUILD_PAUSES = { firstMs: 10_000, longestMs: 10 * 60_000 };

/**
 * Computes the rollups of stale buckets from their events. Any number of workers may run: every transaction takes the
 * worker lock of its stripe, so only one worker at a time works on a stripe.
 *
 * Readers read the events of a stale bucket. So if the worker is late or crashes, reads are slower but never wrong.
 */
export class RollupWorker {
  private readonly groups: KindGroups;
  private readonly bucketPace = new TransactionPace(50);
  private readonly dayPace = new TransactionPace(1);
  private readonly failing = new FailingItems(FAILING_GUILD_PAUSES);

  constructor(
    private readonly dataSource: DataSource,
    contract: StatisticsContract,
  ) {
    this.groups = new KindGroups(contract);
  }

  /**
   * Computes all settled stale buckets. A guild that fails is retried after a growing back-off, and other guilds
   * continue.
   *
   * @param now Unix milliseconds
   * @param signal ends the work between two transactions
   * @param onFound called at the beginning with the number of stale buckets
   * @throws the error, if the connection fails or the database accepts no writes
   */
  async run(now: number, signal?: AbortSignal, onFound?: (staleBuckets: number) => void): Promise<RollupOutcome> {
    const batches = await findRollupBatches(this.dataSource.manager, now);
    const found = batches.reduce((sum, { staleBuckets }) => sum + staleBuckets, 0);
    onFound?.(found);
    const outcome: RollupOutcome = { found, buckets: 0, days: 0, failures: [] };
    this.failing.keepOnly(new Set(batches.flatMap(({ guildIds }) => guildIds)));
    if (batches.length === 0) return outcome;
    const runner = this.dataSource.createQueryRunner();
    try {
      for (const { stripe, guildIds } of batches) {
        const due = guildIds.filter((guildId) => !this.failing.isPaused(guildId, now));
        if (due.length > 0) await this.computeOrBisect(runner, { stripe, guildIds: due }, now, outcome, signal);
      }
    } finally {
      await runner.release();
    }
    return outcome;
  }

  /** If the guilds fail, they are bisected until the guild at fault is isolated. */
  private async computeOrBisect(
    runner: QueryRunner,
    { stripe, guildIds }: StripeGuilds,
    now: number,
    outcome: RollupOutcome,
    signal?: AbortSignal,
  ): Promise<void> {
    if (signal?.aborted) return;
    try {
      await this.computeGuilds(runner, { stripe, guildIds }, now, outcome, signal);
      this.failing.remove(guildIds);
    } catch (error) {
      if (runner.isReleased || isConnectionFailure(error) || concernsAllGuilds(error)) throw error;
      if (guildIds.length === 1) {
        this.failing.add(guildIds[0]!, now);
        outcome.failures.push({ guildId: guildIds[0]!, error });
        return;
      }
      const middle = guildIds.length >> 1;
      for (const half of [guildIds.slice(0, middle), guildIds.slice(middle)]) {
        await this.computeOrBisect(runner, { stripe, guildIds: half }, now, outcome, signal);
      }
    }
  }

  private async computeGuilds(
    runner: QueryRunner,
    guilds: StripeGuilds,
    now: number,
    outcome: RollupOutcome,
    signal?: AbortSignal,
  ): Promise<void> {
    const hasClaimed = await transaction(runner, async (manager) => {
      const [row] = await manager.query<{ isFree: boolean }[]>(
        'SELECT pg_try_advisory_xact_lock($1, $2) AS "isFree"',
        workerLock(guilds.stripe),
      );
      if (!row!.isFree) return false; // another worker works on this stripe
      await lockStripeByNumber(manager, guilds.stripe);
      await claimStaleBuckets(manager, guilds.guildIds, now);
      return true;
    });
    if (!hasClaimed) return;
    outcome.buckets += await this.computeAll(runner, guilds, claimedBuckets(now), this.bucketPace, signal);
    outcome.days += await this.computeAll(runner, guilds, settledDays(now), this.dayPace, signal);
  }

  /** @returns how many buckets were computed */
  private async computeAll(
    runner: QueryRunner,
    guilds: StripeGuilds,
    selection: BucketSelection,
    pace: TransactionPace,
    signal?: AbortSignal,
  ): Promise<number> {
    for (let computed = 0; ;) {
      const { done, limit } = await this.computeSome(runner, guilds, selection, pace);
      computed += done;
      if (done < limit || signal?.aborted) return computed;
    }
  }

  /**
   * One transaction. If Postgres's lock table is full, it is retried with fewer buckets, which lock fewer partitions.
   */
  private async computeSome(
    runner: QueryRunner,
    { stripe, guildIds }: StripeGuilds,
    selection: BucketSelection,
    pace: TransactionPace,
  ): Promise<{ done: number; limit: number }> {
    for (const backOff = new BackOff(LOCK_TABLE_PAUSES); ;) {
      const limit = pace.buckets;
      const startedAt = performance.now();
      try {
        const done = await transaction(runner, async (manager) => {
          await manager.query('SELECT pg_advisory_xact_lock($1, $2)', workerLock(stripe));
          return this.compute(manager, guildIds, selection, limit);
        });
        pace.observe(done, performance.now() - startedAt);
        return { done, limit };
      } catch (error) {
        const isLast = backOff.failures === LOCK_TABLE_ATTEMPTS - 1;
        if (sqlState(error) !== SQLSTATE.outOfSharedMemory || isLast) throw error;
        pace.halve();
        await systemClock.sleep(backOff.next());
      }
    }
  }

  private async compute(
    manager: EntityManager,
    guildIds: readonly string[],
    selection: BucketSelection,
    limit: number,
  ): Promise<number> {
    const horizon = await prepare(manager, guildIds);
    const buckets = await oldestStaleBuckets(manager, guildIds, selection, limit);
    await this.groups.prepare(
      manager,
      buckets.map(({ kind }) => kind),
    );
    for (const [day, ofDay] of byDay(buckets, horizon)) {
      if (selection.span === SPANS.bucket) await this.computeBuckets(manager, ofDay, day);
      else await this.computeDays(manager, ofDay, day);
    }
    if (buckets.length > 0) await clearStaleBuckets(manager, guildIds, selection, buckets.at(-1)!);
    return buckets.length;
  }

  private async computeBuckets(manager: EntityManager, buckets: readonly StaleBucket[], day: Day): Promise<void> {
    const totals = await recomputeTotals(manager, buckets, day);
    const busy = totals.filter(({ events }) => events >= BUSY_BUCKET_EVENTS);
    await deleteGroups(manager, buckets, SPANS.bucket, day);
    for (const grouped of this.groups.byDimension) await recomputeGroups(manager, grouped, busy, SPANS.bucket, day);
    await markDaysStale(manager, buckets, this.groups.grouped);
  }

  private async computeDays(manager: EntityManager, days: readonly StaleBucket[], day: Day): Promise<void> {
    await deleteGroups(manager, days, SPANS.day, day);
    for (const grouped of this.groups.byDimension) await recomputeGroups(manager, grouped, days, SPANS.day, day);
  }
}

/** The database is read-only or its disk is full. */
function concernsAllGuilds(error: unknown): boolean {
  const state = sqlState(error);
  return state === SQLSTATE.readOnlyTransaction || state === SQLSTATE.diskFull;
}

type StripeGuilds = Pick<RollupBatch, 'stripe' | 'guildIds'>;
type Day = readonly [from: Date, to: Date];

/**
 * Transactions that claim stale buckets of a stripe or compute its buckets hold this lock until they end. So a
 * computation reads events only after its buckets were claimed.
 */
function workerLock(stripe: number): [number, number] {
  return [ADVISORY_LOCK_CLASSES.rollupWorker, stripe];
}

/**
 * Takes locks so that no erasure runs, and no partition is dropped, between reading and writing. Background work gets
 * memory for sorting, but no parallel workers.
 *
 * @returns the event horizon; older buckets must not be computed, because their events are gone and their rollups stay
 */
async function prepare(manager: EntityManager, guildIds: readonly string[]): Promise<Date> {
  await manager.query(`
    SET LOCAL work_mem = '32MB';
    SET LOCAL max_parallel_workers_per_gather = 0;
    LOCK TABLE ONLY statistic_events IN ACCESS SHARE MODE`);
  await lockStripesShared(manager, guildIds);
  return readEventHorizon(manager);
}

/** The buckets by UTC day, without those before the horizon. */
function byDay(buckets: readonly StaleBucket[], horizon: Date): [day: Day, buckets: StaleBucket[]][] {
  const days = new Map<number, StaleBucket[]>();
  for (const bucket of buckets) {
    if (bucket.bucket < horizon) continue;
    const day = Math.floor(bucket.bucket.getTime() / DAY_MS) * DAY_MS;
    const sameDay = days.get(day);
    if (sameDay === undefined) days.set(day, [bucket]);
    else sameDay.push(bucket);
  }
  return [...days].map(([day, of]) => [[new Date(day), new Date(day + DAY_MS)], of]);
}

async function transaction<T>(runner: QueryRunner, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  return runner.manager.transaction('READ COMMITTED', work);
}
