import type { EntityManager } from 'typeorm';

/** Longer than any summary should take, and shorter than callers usually wait. */
const STATEMENT_TIMEOUT_MS = 30_000;

/**
 * Reads statistics with several statements in one snapshot.
 *
 * The tables are locked before the snapshot is taken. Otherwise, a partition that is created or dropped in between
 * would be missing from the result.
 *
 * @throws the database's error
 */
export function inStatisticsSnapshot<T>(
  manager: EntityManager,
  work: (snapshot: EntityManager) => Promise<T>,
): Promise<T> {
  return manager.transaction('REPEATABLE READ', async (snapshot) => {
    await snapshot.query(`
      SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS};
      LOCK TABLE ONLY statistic_events, ONLY statistic_totals, ONLY statistic_groups IN ACCESS SHARE MODE`);
    return work(snapshot);
  });
}
