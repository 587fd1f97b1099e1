import type { EntityManager } from 'typeorm';

/**
 * Drops the tombstones that no event can meet any more: what they keep out is from before the event horizon, which keeps
 * it out for good, whatever the retention becomes. The tombstone of an unfinished erasure stays: nothing may come in
 * behind what was erased already.
 */
export async function dropSpentTombstones(manager: EntityManager): Promise<void> {
  await manager.query(
    `DELETE FROM erasure_tombstones t
     WHERE t.before <= (SELECT events_since FROM event_horizon)
       AND NOT EXISTS (SELECT FROM erasures e WHERE e.guild_id = t.guild_id AND e.user_id = t.user_id)`,
  );
}

/** Drops the periods of collection that ended so long ago that nothing is kept any more of what was collected then. */
export async function dropSpentPeriods(manager: EntityManager, summaryDays: number): Promise<void> {
  await manager.query(`DELETE FROM collection_periods WHERE ended_at < now() - make_interval(days => $1)`, [
    summaryDays,
  ]);
}
