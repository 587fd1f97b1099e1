import type { EntityManager } from 'typeorm';
import type { SPANS, TimeWindow } from '#libs/statistics';

export interface InGroupsQuery {
  guildId: string;
  kind: number;
  dimension: number;
  id: string;
  /** Days or 15-minute buckets. Only busy 15-minute buckets have groups. */
  span: (typeof SPANS)[keyof typeof SPANS];
  /** Must consist of whole buckets. */
  window: TimeWindow;
}

/**
 * Counts the events of one group, such as a channel, in each bucket of the window.
 *
 * @returns the counts by the start of the bucket in Unix milliseconds; buckets without groups are missing
 */
export async function countInGroups(manager: EntityManager, query: InGroupsQuery): Promise<Map<number, number>> {
  const { guildId, kind, dimension, id, span, window } = query;
  const rows = await manager.query<{ bucket: Date; count: string }[]>(
    `SELECT bucket, sum(coalesce(counts[array_position(ids, $4::bigint)], 0)) AS count FROM statistic_groups
     WHERE guild_id = $1 AND kind = $2 AND dimension = $3 AND span = $5 AND bucket >= $6 AND bucket < $7
     GROUP BY bucket`,
    [guildId, kind, dimension, id, span, new Date(window.from), new Date(window.to)],
  );
  return new Map(rows.map(({ bucket, count }) => [bucket.getTime(), Number(count)]));
}
