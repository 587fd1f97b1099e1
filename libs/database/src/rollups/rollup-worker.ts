import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { StatisticsContract } from '#libs/contracts';
import { ADVISORY_LOCK_CLASSES } from '../advisory-locks.js';
import { oldestPartition } from '../partitions/partition-keeper.js';
import { lockStripeByNumber, lockStripesShared } from '../stripes.js';
import { groupedKinds, type GroupedKinds } from './grouped-kinds.js';
import { DAY_MS, SPANS } from './quarters.js';
import { deleteGroups, recomputeGroups } from './recompute-groups.js';
import { recomputeTotals } from './recompute-totals.js';
import {
  deleteMarks,
  findRollupWork,
  markDays,
  movedQuarters,
  moveMarks,
  settledDays,
  type MarkedBucket,
  type RollupPortion,
} from './rollup-marks.js';

/** Quarters and days that one transaction computes. */
const QUARTERS_A_TRANSACTION = 1_000;
const DAYS_A_TRANSACTION = 200;
/** From so many events on a quarter has groups of its own: reading its events would cost more than reading those. */
const BUSY_QUARTER_EVENTS = 100;

const EVENT_PARTITIONS = { table: 'statistic_events', unit: 'day' } as const;

export interface RollupOutcome {
  /** Settled marks that were there at the beginning. */
  found: number;
  /** Buckets that were computed. */
  quarters: number;
  days: number;
}

/**
 * Computes rollups from events where marks say that they are not as the events are. Any number of workers may run: the
 * worker lock of a stripe lets one of them work on it.
 *
 * A bucket with a mark is read from its events, so a worker that is late or dies makes reading slower and never wrong.
 */
export class RollupWorker {
  private readonly grouped: readonly GroupedKinds[];
  private readonly kindsWithGroups: number[];

  constructor(
    private readonly dataSource: DataSource,
    contract: StatisticsContract,
  ) {
    this.grouped = groupedKinds(contract);
    this.kindsWithGroups = [...new Set(this.grouped.flatMap(({ kinds }) => kinds))];
  }

  /**
   * Works off what is marked and settled.
   *
   * @param now Unix milliseconds
   * @param signal ends the work between two transactions
   */
  async run(now: number, signal?: AbortSignal): Promise<RollupOutcome> {
    const portions = await findRollupWork(this.dataSource.manager, now);
    const found = portions.reduce((sum, { marks }) => sum + marks, 0);
    const outcome: RollupOutcome = { found, quarters: 0, days: 0 };
    if (portions.length === 0) return outcome;
    const runner = this.dataSource.createQueryRunner();
    try {
      const oldest = await oldestPartition(this.dataSource, EVENT_PARTITIONS);
      for (const portion of portions) {
        if (signal?.aborted) break;
        await this.withWorkerLock(runner, portion.stripe, () =>
          this.workOff(runner, portion, now, oldest, outcome, signal),
        );
      }
    } finally {
      await runner.release();
    }
    return outcome;
  }

  private async workOff(
    runner: QueryRunner,
    { stripe, guildIds }: RollupPortion,
    now: number,
    oldest: Date,
    outcome: RollupOutcome,
    signal?: AbortSignal,
  ): Promise<void> {
    await transaction(runner, async (manager) => {
      await lockStripeByNumber(manager, stripe);
      await moveMarks(manager, guildIds, now);
    });
    const isStopping = () => signal?.aborted === true;
    outcome.quarters += await repeat(QUARTERS_A_TRANSACTION, isStopping, () =>
      transaction(runner, (manager) => this.recomputeQuarters(manager, guildIds, oldest)),
    );
    outcome.days += await repeat(DAYS_A_TRANSACTION, isStopping, () =>
      transaction(runner, (manager) => this.recomputeDays(manager, guildIds, now, oldest)),
    );
  }

  private async recomputeQuarters(manager: EntityManager, guildIds: readonly string[], oldest: Date): Promise<number> {
    await prepare(manager, guildIds);
    const quarters = await movedQuarters(manager, guildIds, QUARTERS_A_TRANSACTION);
    for (const [day, buckets] of byDay(quarters, oldest)) {
      const totals = await recomputeTotals(manager, buckets, day);
      const busy = totals.filter(({ events }) => events >= BUSY_QUARTER_EVENTS);
      await deleteGroups(manager, buckets, SPANS.quarter, day);
      for (const grouped of this.grouped) await recomputeGroups(manager, grouped, busy, SPANS.quarter, day);
      await markDays(manager, buckets, this.kindsWithGroups);
    }
    if (quarters.length > 0) await deleteMarks(manager, quarters, SPANS.quarter, 1);
    return quarters.length;
  }

  private async recomputeDays(
    manager: EntityManager,
    guildIds: readonly string[],
    now: number,
    oldest: Date,
  ): Promise<number> {
    await prepare(manager, guildIds);
    const days = await settledDays(manager, guildIds, now, DAYS_A_TRANSACTION);
    for (const [day, buckets] of byDay(days, oldest)) {
      await deleteGroups(manager, buckets, SPANS.day, day);
      for (const grouped of this.grouped) await recomputeGroups(manager, grouped, buckets, SPANS.day, day);
    }
    if (days.length > 0) await deleteMarks(manager, days, SPANS.day, 0);
    return days.length;
  }

  private async withWorkerLock(runner: QueryRunner, stripe: number, work: () => Promise<void>): Promise<void> {
    const key = [ADVISORY_LOCK_CLASSES.rollupWorker, stripe];
    const [row] = (await runner.query('SELECT pg_try_advisory_lock($1, $2) AS locked', key)) as { locked: boolean }[];
    if (!row?.locked) return;
    try {
      await work();
    } finally {
      // A connection that is gone has given the lock back already.
      await runner.query('SELECT pg_advisory_unlock($1, $2)', key).catch(() => undefined);
    }
  }
}

/**
 * Takes the shared lock, so that an erasure comes before or after, and not between reading and writing. Work in the
 * background gets room for sorting, but no second processor.
 */
async function prepare(manager: EntityManager, guildIds: readonly string[]): Promise<void> {
  await manager.query(`SET LOCAL work_mem = '32MB'; SET LOCAL max_parallel_workers_per_gather = 0`);
  await lockStripesShared(manager, guildIds);
}

/**
 * The buckets by UTC day. Days before the oldest partition are left out: their events are gone, and what their rollups
 * hold must stay.
 */
function byDay(buckets: readonly MarkedBucket[], oldest: Date): [day: [Date, Date], buckets: MarkedBucket[]][] {
  const days = new Map<number, MarkedBucket[]>();
  for (const bucket of buckets) {
    if (bucket.bucket < oldest) continue;
    const day = Math.floor(bucket.bucket.getTime() / DAY_MS) * DAY_MS;
    const same = days.get(day);
    if (same === undefined) days.set(day, [bucket]);
    else same.push(bucket);
  }
  return [...days].map(([day, of]) => [[new Date(day), new Date(day + DAY_MS)], of]);
}

async function transaction<T>(runner: QueryRunner, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  return runner.manager.transaction('READ COMMITTED', work);
}

/** Repeats work of at most `limit` buckets until less than that is left. @returns how many buckets it were */
async function repeat(limit: number, isStopping: () => boolean, work: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let done = limit; done === limit && !isStopping(); total += done) done = await work();
  return total;
}
