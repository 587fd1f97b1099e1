import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { StatisticsContract } from '#libs/contracts';
import { ADVISORY_LOCK_CLASSES } from '../advisory-locks.js';
import { readEventHorizon } from '../partitions/event-horizon.js';
import { lockStripeByNumber, lockStripesShared } from '../stripes.js';
import { groupedKinds, type GroupedKinds } from './grouped-kinds.js';
import { DAY_MS, SPANS } from './quarters.js';
import { deleteGroups, recomputeGroups } from './recompute-groups.js';
import { recomputeTotals } from './recompute-totals.js';
import {
  deleteMarksUpTo,
  findRollupWork,
  markDays,
  movedQuarters,
  moveMarks,
  oldestMarks,
  settledDays,
  type MarkedBucket,
  type RollupPortion,
  type WaitingMarks,
} from './rollup-marks.js';
import { TransactionPace } from './transaction-pace.js';

/** From so many events on a quarter has groups of its own: reading its events would cost more than reading those. */
const BUSY_QUARTER_EVENTS = 100;

export interface RollupOutcome {
  /** Settled marks that were there at the beginning. */
  found: number;
  /** Buckets that were computed. */
  quarters: number;
  days: number;
}

/**
 * Computes rollups from events where marks say that they are not as the events are. Any number of workers may run: each
 * transaction on a stripe takes its worker lock, so one of them works on it at a time.
 *
 * A bucket with a mark is read from its events, so a worker that is late or dies makes reading slower and never wrong.
 */
export class RollupWorker {
  private readonly grouped: readonly GroupedKinds[];
  private readonly kindsWithGroups: number[];
  private readonly quarterPace = new TransactionPace(50);
  private readonly dayPace = new TransactionPace(1);

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
      for (const portion of portions) {
        if (signal?.aborted) break;
        await this.workOff(runner, portion, now, outcome, signal);
      }
    } finally {
      await runner.release();
    }
    return outcome;
  }

  private async workOff(
    runner: QueryRunner,
    portion: RollupPortion,
    now: number,
    outcome: RollupOutcome,
    signal?: AbortSignal,
  ): Promise<void> {
    const hasMoved = await transaction(runner, async (manager) => {
      const [row] = await manager.query<{ isFree: boolean }[]>(
        'SELECT pg_try_advisory_xact_lock($1, $2) AS "isFree"',
        workerLock(portion.stripe),
      );
      if (!row!.isFree) return false; // another worker is at it
      await lockStripeByNumber(manager, portion.stripe);
      await moveMarks(manager, portion.guildIds, now);
      return true;
    });
    if (!hasMoved) return;
    outcome.quarters += await this.computeAll(runner, portion, movedQuarters(now), this.quarterPace, signal);
    outcome.days += await this.computeAll(runner, portion, settledDays(now), this.dayPace, signal);
  }

  /** @returns how many buckets were computed */
  private async computeAll(
    runner: QueryRunner,
    { stripe, guildIds }: RollupPortion,
    marks: WaitingMarks,
    pace: TransactionPace,
    signal?: AbortSignal,
  ): Promise<number> {
    for (let computed = 0; ;) {
      const limit = pace.buckets;
      const startedAt = performance.now();
      const done = await transaction(runner, async (manager) => {
        await manager.query('SELECT pg_advisory_xact_lock($1, $2)', workerLock(stripe));
        return this.compute(manager, guildIds, marks, limit);
      });
      pace.observe(done, performance.now() - startedAt);
      computed += done;
      if (done < limit || signal?.aborted) return computed;
    }
  }

  private async compute(
    manager: EntityManager,
    guildIds: readonly string[],
    marks: WaitingMarks,
    limit: number,
  ): Promise<number> {
    const horizon = await prepare(manager, guildIds);
    const buckets = await oldestMarks(manager, guildIds, marks, limit);
    for (const [day, ofDay] of byDay(buckets, horizon)) {
      if (marks.span === SPANS.quarter) await this.computeQuarters(manager, ofDay, day);
      else await this.computeDays(manager, ofDay, day);
    }
    if (buckets.length > 0) await deleteMarksUpTo(manager, guildIds, marks, buckets.at(-1)!);
    return buckets.length;
  }

  private async computeQuarters(manager: EntityManager, quarters: readonly MarkedBucket[], day: Day): Promise<void> {
    const totals = await recomputeTotals(manager, quarters, day);
    const busy = totals.filter(({ events }) => events >= BUSY_QUARTER_EVENTS);
    await deleteGroups(manager, quarters, SPANS.quarter, day);
    for (const grouped of this.grouped) await recomputeGroups(manager, grouped, busy, SPANS.quarter, day);
    await markDays(manager, quarters, this.kindsWithGroups);
  }

  private async computeDays(manager: EntityManager, days: readonly MarkedBucket[], day: Day): Promise<void> {
    await deleteGroups(manager, days, SPANS.day, day);
    for (const grouped of this.grouped) await recomputeGroups(manager, grouped, days, SPANS.day, day);
  }
}

type Day = readonly [from: Date, to: Date];

/**
 * Who moves marks of a stripe or computes its buckets holds this lock until the transaction ends. So whatever a
 * computation finds moved, was moved before it read an event.
 */
function workerLock(stripe: number): [number, number] {
  return [ADVISORY_LOCK_CLASSES.rollupWorker, stripe];
}

/**
 * Takes the shared lock, so that an erasure comes before or after, and not between reading and writing; likewise the
 * dropping of a partition. Work in the background gets room for sorting, but no second processor.
 *
 * @returns what is older must not be computed: its events are gone, and what its rollups hold must stay
 */
async function prepare(manager: EntityManager, guildIds: readonly string[]): Promise<Date> {
  await manager.query(`
    SET LOCAL work_mem = '32MB';
    SET LOCAL max_parallel_workers_per_gather = 0;
    LOCK TABLE ONLY statistic_events IN ACCESS SHARE MODE`);
  await lockStripesShared(manager, guildIds);
  return readEventHorizon(manager);
}

/** The buckets by UTC day, but for those before the horizon. */
function byDay(buckets: readonly MarkedBucket[], horizon: Date): [day: Day, buckets: MarkedBucket[]][] {
  const days = new Map<number, MarkedBucket[]>();
  for (const bucket of buckets) {
    if (bucket.bucket < horizon) continue;
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
