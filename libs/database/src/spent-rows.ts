import type { EntityManager } from 'typeorm';

/**
 * Drops the tombstones that no event can meet any more: such events are older than the retention. The tombstone of an
 * unfinished erasure stays: nothing may come in behind what was erased already.
 */
export async function dropSpentTombstones(manager: EntityManager, retentionDays: number): Promise<void> {
  await manager.query(
    `DELETE FROM erasure_tombstones t
     WHERE t.before < now() - make_interval(days => $1)
       AND NOT EXISTS (SELECT FROM erasures e WHERE e.guild_id = t.guild_id AND e.user_id = t.user_id)`,
    [retentionDays + 1],
  );
}

/** Drops the periods of collection that ended so long ago that nothing is kept any more of what was collected then. */
export async function dropSpentPeriods(manager: EntityManager, summaryDays: number): Promise<void> {
  await manager.query(`DELETE FROM collection_periods WHERE ended_at < now() - make_interval(days => $1)`, [
    summaryDays,
  ]);
}
