import type { EntityManager } from 'typeorm';

/** Drops the tombstones that no event can meet any more: such events are older than the retention. */
export async function dropSpentTombstones(manager: EntityManager, retentionDays: number): Promise<void> {
  await manager.query(`DELETE FROM erasure_tombstones WHERE before < now() - make_interval(days => $1)`, [
    retentionDays + 1,
  ]);
}
