import type { EntityManager } from 'typeorm';
import { bucketParameters, UNNESTED_BUCKETS, type StaleBucket } from './stale-buckets.js';
import { sketchIndexSql } from './sketch.js';

/** The largest sum that `value_sum` holds. It is that of 29,000 members who each stayed for ten years. */
const MAX_BIGINT = '9223372036854775807';

/** A 15-minute bucket, and the number of its events. */
export interface BucketTotal extends StaleBucket {
  events: number;
}

/**
 * Computes the totals of these buckets from their events.
 *
 * `OFFSET 0` makes the planner read each bucket by the primary key, instead of joining all events with all buckets.
 *
 * @param buckets 15-minute buckets of one UTC day
 * @param day the bounds of the day, so that only one partition is planned and read
 */
export async function recomputeTotals(
  manager: EntityManager,
  buckets: readonly StaleBucket[],
  day: readonly [from: Date, to: Date],
): Promise<BucketTotal[]> {
  const parameters = bucketParameters(buckets);
  await manager.query(
    `DELETE FROM statistic_totals t USING ${UNNESTED_BUCKETS}
     WHERE t.guild_id = m.guild_id AND t.kind = m.kind AND t.bucket = m.bucket AND t.bucket >= $4 AND t.bucket < $5`,
    [...parameters, ...day],
  );
  return manager.query<BucketTotal[]>(
    `WITH cells AS (
       SELECT m.guild_id, m.kind, m.bucket, e.flags & 1 AS facet, ${sketchIndexSql('e.value')} AS sketch_index,
         count(*) AS n, sum(e.value) AS value_sum, min(e.value) AS value_min, max(e.value) AS value_max
       FROM ${UNNESTED_BUCKETS}
       CROSS JOIN LATERAL (
         SELECT flags, value FROM statistic_events
         WHERE guild_id = m.guild_id AND kind = m.kind
           AND occurred_at >= m.bucket AND occurred_at < m.bucket + interval '15 minutes'
           AND occurred_at >= $4 AND occurred_at < $5
         OFFSET 0
       ) e
       GROUP BY 1, 2, 3, 4, 5
     ),
     written AS (
       INSERT INTO statistic_totals
         (guild_id, kind, bucket, facet, event_count, value_sum, large_value_sum, value_min, value_max,
          sketch_indexes, sketch_counts)
       SELECT guild_id, kind, bucket, facet, sum(n),
         CASE WHEN sum(value_sum) <= ${MAX_BIGINT} THEN sum(value_sum) END,
         CASE WHEN sum(value_sum) > ${MAX_BIGINT} THEN sum(value_sum) END,
         min(value_min), max(value_max),
         array_agg(sketch_index ORDER BY sketch_index) FILTER (WHERE sketch_index IS NOT NULL),
         array_agg(n ORDER BY sketch_index) FILTER (WHERE sketch_index IS NOT NULL)
       FROM cells GROUP BY 1, 2, 3, 4
       RETURNING guild_id, kind, bucket, event_count
     )
     SELECT guild_id, kind, bucket, sum(event_count)::int AS events FROM written GROUP BY 1, 2, 3`,
    [...parameters, ...day],
  );
}
