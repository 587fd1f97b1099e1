import type { EntityManager, QueryRunner } from 'typeorm';
import { lockStripes, SQLSTATE, sqlState } from '#libs/database';
import { growingPause, systemClock } from '#libs/timing';
import type { StepPace } from './step-pace.js';

const STEP_ATTEMPTS = 5;
const STEP_PAUSES = { firstMs: 100, longestMs: 1_000 };

/**
 * Forces index scans, because the planner's statistics are out of date for tables that change this fast. The lock keeps
 * partitions from being created or dropped; as in the rollup worker, it is taken before the stripe's lock.
 */
const PREPARE = `
  SET LOCAL enable_seqscan = off;
  SET LOCAL enable_hashjoin = off;
  SET LOCAL enable_mergejoin = off;
  SET LOCAL max_parallel_workers_per_gather = 0;
  LOCK TABLE ONLY statistic_events, ONLY statistic_totals, ONLY statistic_groups, ONLY guild_snapshots,
    ONLY guild_snapshot_days IN ACCESS SHARE MODE`;

/** Errors that depend on concurrent transactions. A retry may succeed. */
const RETRYABLE: readonly (string | undefined)[] = [
  SQLSTATE.serializationFailure,
  SQLSTATE.deadlockDetected,
  SQLSTATE.outOfSharedMemory,
];

/**
 * Runs the work under the exclusive locks of the guilds' stripes. {@link RETRYABLE} errors are retried; if the lock
 * table is full, with half the step size.
 */
export async function inTransaction<T>(
  runner: QueryRunner,
  guildIds: readonly string[],
  pace: StepPace,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await runner.manager.transaction('READ COMMITTED', async (manager) => {
        await manager.query(PREPARE);
        await lockStripes(manager, guildIds);
        return work(manager);
      });
      pace.recover();
      return result;
    } catch (error) {
      const state = sqlState(error);
      if (!RETRYABLE.includes(state) || attempt === STEP_ATTEMPTS) throw error;
      if (state === SQLSTATE.outOfSharedMemory) pace.halve();
      await systemClock.sleep(growingPause(attempt, STEP_PAUSES));
    }
  }
}
