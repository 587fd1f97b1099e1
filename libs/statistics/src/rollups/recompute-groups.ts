import type { EntityManager } from 'typeorm';
import type { GroupedKinds } from './grouped-kinds.js';
import { SPANS } from './quarters.js';
import { markParameters, UNNESTED_MARKS, type MarkedBucket } from './rollup-marks.js';

/**
 * Computes the groups of one dimension anew from the events. Buckets of kinds that do not have the dimension are left
 * alone.
 *
 * @param buckets days, or quarters of one UTC day
 * @param day bounds of that day, so that one partition is planned and read; `OFFSET 0` has each bucket read by the
 * primary key, where the planner would rather join every event with every mark
 */
export async function recomputeGroups(
  manager: EntityManager,
  { dimension, column, keys, kinds }: GroupedKinds,
  buckets: readonly MarkedBucket[],
  span: (typeof SPANS)[keyof typeof SPANS],
  day: readonly [from: Date, to: Date],
): Promise<void> {
  const having = buckets.filter(({ kind }) => kinds.includes(kind));
  if (having.length === 0) return;
  await manager.query(
    `INSERT INTO statistic_groups (guild_id, kind, dimension, span, bucket, facet, ${keys}, counts)
     SELECT guild_id, kind, $6, $7, bucket, facet, array_agg(key), array_agg(n)
     FROM (
       SELECT m.guild_id, m.kind, m.bucket, e.flags & 1 AS facet, e.${column} AS key, count(*) AS n
       FROM ${UNNESTED_MARKS}
       CROSS JOIN LATERAL (
         SELECT flags, ${column} FROM statistic_events
         WHERE guild_id = m.guild_id AND kind = m.kind
           AND occurred_at >= m.bucket AND occurred_at < m.bucket + make_interval(mins => $7)
           AND occurred_at >= $4 AND occurred_at < $5
         OFFSET 0
       ) e
       GROUP BY 1, 2, 3, 4, 5
     ) cells
     GROUP BY guild_id, kind, bucket, facet`,
    [...markParameters(having), ...day, dimension, span],
  );
}

/** Deletes the groups of these buckets, of every dimension. */
export async function deleteGroups(
  manager: EntityManager,
  buckets: readonly MarkedBucket[],
  span: (typeof SPANS)[keyof typeof SPANS],
  day: readonly [from: Date, to: Date],
): Promise<void> {
  await manager.query(
    `DELETE FROM statistic_groups g USING ${UNNESTED_MARKS}
     WHERE g.guild_id = m.guild_id AND g.kind = m.kind AND g.bucket = m.bucket AND g.span = $4
       AND g.bucket >= $5 AND g.bucket < $6`,
    [...markParameters(buckets), span, ...day],
  );
}
