import type { EntityManager } from 'typeorm';
import { SPANS } from '#libs/database';
import type { TimeWindow } from '../../window.js';

/**
 * How many events of one channel each busy quarter of the window has, by the start of the quarter in Unix
 * milliseconds. Quarters that have no groups of their own are missing.
 *
 * @param window whole quarters
 */
export async function countInBusyQuarters(
  manager: EntityManager,
  query: { guildId: string; kind: number; dimension: number; id: string; window: TimeWindow },
): Promise<Map<number, number>> {
  const rows = await manager.query<{ bucket: Date; count: string }[]>(
    `SELECT bucket, sum(coalesce(counts[array_position(ids, $4::bigint)], 0)) AS count FROM statistic_groups
     WHERE guild_id = $1 AND kind = $2 AND dimension = $3 AND span = ${SPANS.quarter} AND bucket >= $5 AND bucket < $6
     GROUP BY bucket`,
    [query.guildId, query.kind, query.dimension, query.id, new Date(query.window.from), new Date(query.window.to)],
  );
  return new Map(rows.map(({ bucket, count }) => [bucket.getTime(), Number(count)]));
}
