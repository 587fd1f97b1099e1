import type { EntityManager } from 'typeorm';

/** In `collection_periods.name`: the module itself. Other names are those of switches. */
export const MODULE_PERIODS = 'module';

/** A time in which a switch, or the module, was on. */
export interface CollectionPeriod {
  name: string;
  beganAt: Date;
  /** The first moment that no longer belongs to it; null while it is on. */
  endedAt: Date | null;
}

/**
 * Ends and begins periods so that those without an end are what the guild's settings say now, as of their
 * `updated_at`. Call it after every change of `guild_settings`, in its transaction and under the exclusive lock of the
 * guild's stripe; a change that switched nothing changes nothing here.
 */
export async function followSettings(manager: EntityManager, guildId: string): Promise<void> {
  await manager.query(
    `UPDATE collection_periods p SET ended_at = greatest(p.began_at, s.updated_at)
     FROM guild_settings s
     WHERE p.guild_id = $1 AND s.guild_id = p.guild_id AND p.ended_at IS NULL
       AND NOT (p.name = ANY (s.switches) OR (p.name = $2 AND s.enabled))`,
    [guildId, MODULE_PERIODS],
  );
  // A period that began and ended at this same moment goes on: nothing happened in between.
  await manager.query(
    `INSERT INTO collection_periods (guild_id, name, began_at)
     SELECT DISTINCT s.guild_id, is_on.name, s.updated_at
     FROM guild_settings s
     CROSS JOIN LATERAL unnest(CASE WHEN s.enabled THEN s.switches || $2::text ELSE s.switches END) AS is_on(name)
     WHERE s.guild_id = $1 AND NOT EXISTS (
       SELECT FROM collection_periods p
       WHERE p.guild_id = s.guild_id AND p.name = is_on.name AND p.ended_at IS NULL
     )
     ON CONFLICT (guild_id, name, began_at) DO UPDATE SET ended_at = excluded.ended_at`,
    [guildId, MODULE_PERIODS],
  );
}

/** The periods of these names that overlap the time from `from` up to `to`, in the order of their beginning. */
export async function readCollectionPeriods(
  manager: EntityManager,
  guildId: string,
  names: readonly string[],
  { from, to }: { from: Date; to: Date },
): Promise<CollectionPeriod[]> {
  const rows = await manager.query<{ name: string; began_at: Date; ended_at: Date | null }[]>(
    `SELECT name, began_at, ended_at FROM collection_periods
     WHERE guild_id = $1 AND name = ANY ($2) AND began_at < $4 AND (ended_at IS NULL OR ended_at > $3)
     ORDER BY began_at`,
    [guildId, names, from, to],
  );
  return rows.map((row) => ({ name: row.name, beganAt: row.began_at, endedAt: row.ended_at }));
}

/** Drops the periods of collection that ended so long ago that nothing is kept any more of what was collected then. */
export async function dropSpentPeriods(manager: EntityManager, summaryDays: number): Promise<void> {
  await manager.query(`DELETE FROM collection_periods WHERE ended_at < now() - make_interval(days => $1)`, [
    summaryDays,
  ]);
}
