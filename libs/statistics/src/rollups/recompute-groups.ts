import type { EntityManager } from 'typeorm';
import type { GroupedKinds } from './kind-groups.js';
import { SPANS } from './buckets.js';
import { bucketParameters, UNNESTED_BUCKETS, type StaleBucket } from './stale-buckets.js';

/**
 * Computes the groups of one dimension from the events. Kinds without the dimension are skipped.
 *
 * `OFFSET 0` makes the planner read each bucket by the primary key, instead of joining all events with all buckets.
 *
 * @param buckets days, or 15-minute buckets of one UTC day
 * @param day the bounds of the day, so that only one partition is planned and read
 */
export async function recomputeGroups(
  manager: EntityManager,
  { dimension, column, keys, kinds }: GroupedKinds,
  buckets: readonly StaleBucket[],
  span: (typeof SPANS)[keyof typeof SPANS],
  day: readonly [from: Date, to: Date],
): Promise<void> {
  const grouped = buckets.filter(({ kind }) => kinds.includes(kind));
  if (grouped.length === 0) return;
  await manager.query(
    `INSERT INTO statistic_groups (guild_id, kind, dimension, span, bucket, facet, ${keys}, counts)
     SELECT guild_id, kind, $6, $7, bucket, facet, array_agg(key), array_agg(n)
     FROM (
       SELECT m.guild_id, m.kind, m.bucket, e.flags & 1 AS facet, e.${column} AS key, count(*) AS n
       FROM ${UNNESTED_BUCKETS}
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
    [...bucketParameters(grouped), ...day, dimension, span],
  );
}

/** Deletes the groups of these buckets in all dimensions. */
export async function deleteGroups(
  manager: EntityManager,
  buckets: readonly StaleBucket[],
  span: (typeof SPANS)[keyof typeof SPANS],
  day: readonly [from: Date, to: Date],
): Promise<void> {
  await manager.query(
    `DELETE FROM statistic_groups g USING ${UNNESTED_BUCKETS}
     WHERE g.guild_id = m.guild_id AND g.kind = m.kind AND g.bucket = m.bucket AND g.span = $4
       AND g.bucket >= $5 AND g.bucket < $6`,
    [...bucketParameters(buckets), span, ...day],
  );
}
