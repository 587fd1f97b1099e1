import type { EntityManager } from 'typeorm';
import type { TimeWindow } from '#libs/statistics';

/**
 * Reads when the newest event of each kind (by number) occurred. Kinds without events are missing.
 *
 * The window lets Postgres search the daily partitions from the newest and stop at the first row.
 */
export async function readLastEvents(
  manager: EntityManager,
  guildId: string,
  kinds: readonly number[],
  { from, to }: TimeWindow,
): Promise<Map<number, Date>> {
  const rows = await manager.query<{ kind: number; occurred_at: Date }[]>(
    `SELECT k.kind, date_trunc('milliseconds', newest.occurred_at) AS occurred_at
     FROM unnest($2::smallint[]) AS k(kind)
     CROSS JOIN LATERAL (
       SELECT e.occurred_at FROM statistic_events e
       WHERE e.guild_id = $1 AND e.kind = k.kind AND e.occurred_at >= $3 AND e.occurred_at < $4
       ORDER BY e.occurred_at DESC
       LIMIT 1
     ) AS newest`,
    [guildId, kinds, new Date(from), new Date(to)],
  );
  return new Map(rows.map((row) => [row.kind, row.occurred_at]));
}
