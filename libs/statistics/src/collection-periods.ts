import type { EntityManager } from 'typeorm';

/** The value of `collection_periods.name` for the module. All other values are names of switches. */
export const MODULE_PERIODS = 'module';

/** A period in which a switch, or the module, was on. */
export interface CollectionPeriod {
  name: string;
  beganAt: Date;
  /** Exclusive. Null while it is on. */
  endedAt: Date | null;
}

/**
 * Ends and begins periods at the settings' `updated_at`, so that the periods without an end match the guild's settings.
 * Call this after every change of `guild_settings`, in the same transaction and under the exclusive lock of the guild's
 * stripe. It changes nothing if no switch has changed.
 */
export async function updateCollectionPeriods(manager: EntityManager, guildId: string): Promise<void> {
  await manager.query(
    `UPDATE collection_periods p SET ended_at = greatest(p.began_at, s.updated_at)
     FROM guild_settings s
     WHERE p.guild_id = $1 AND s.guild_id = p.guild_id AND p.ended_at IS NULL
       AND NOT (p.name = ANY (s.switches) OR (p.name = $2 AND s.enabled))`,
    [guildId, MODULE_PERIODS],
  );
  // On conflict, the period began and ended at this very time. It continues.
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

/**
 * Lets what is on now count as on since an earlier time, for guilds whose complete history is published afterwards. Names
 * that were switched off before are left alone. Call it under the exclusive lock of the guild's stripe.
 */
export async function beginCollectionEarlier(manager: EntityManager, guildId: string, since: Date): Promise<void> {
  await manager.query(
    `UPDATE collection_periods p SET began_at = $2
     WHERE p.guild_id = $1 AND p.ended_at IS NULL AND p.began_at > $2 AND NOT EXISTS (
       SELECT FROM collection_periods other
       WHERE other.guild_id = p.guild_id AND other.name = p.name AND other.ended_at IS NOT NULL
     )`,
    [guildId, since],
  );
}

/** The periods with these names that overlap `from` (inclusive) to `to` (exclusive), ordered by their start. */
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

/** Drops the collection periods that ended before the retention of totals. */
export async function dropExpiredPeriods(manager: EntityManager, summaryDays: number): Promise<void> {
  await manager.query(`DELETE FROM collection_periods WHERE ended_at < now() - make_interval(days => $1)`, [
    summaryDays,
  ]);
}
