import type { EntityManager } from 'typeorm';
import { markParameters, UNNESTED_MARKS, type MarkedBucket } from './rollup-marks.js';
import { sketchIndexSql } from './sketch.js';

/** A quarter, and how many events it has. */
export interface QuarterTotal extends MarkedBucket {
  events: number;
}

/**
 * Computes the totals of these quarters anew from their events.
 *
 * @param buckets quarters of one UTC day
 * @param day bounds of that day, so that one partition is planned and read; `OFFSET 0` has each bucket read by the
 * primary key, where the planner would rather join every event with every mark
 */
export async function recomputeTotals(
  manager: EntityManager,
  buckets: readonly MarkedBucket[],
  day: readonly [from: Date, to: Date],
): Promise<QuarterTotal[]> {
  const marks = markParameters(buckets);
  await manager.query(
    `DELETE FROM statistic_totals t USING ${UNNESTED_MARKS}
     WHERE t.guild_id = m.guild_id AND t.kind = m.kind AND t.bucket = m.bucket AND t.bucket >= $4 AND t.bucket < $5`,
    [...marks, ...day],
  );
  return manager.query<QuarterTotal[]>(
    `WITH cells AS (
       SELECT m.guild_id, m.kind, m.bucket, e.flags & 1 AS facet, ${sketchIndexSql('e.value')} AS sketch_index,
         count(*) AS n, sum(e.value) AS value_sum, min(e.value) AS value_min, max(e.value) AS value_max
       FROM ${UNNESTED_MARKS}
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
         (guild_id, kind, bucket, facet, event_count, value_sum, value_min, value_max, sketch_indexes, sketch_counts)
       SELECT guild_id, kind, bucket, facet, sum(n), sum(value_sum), min(value_min), max(value_max),
         array_agg(sketch_index ORDER BY sketch_index) FILTER (WHERE sketch_index IS NOT NULL),
         array_agg(n ORDER BY sketch_index) FILTER (WHERE sketch_index IS NOT NULL)
       FROM cells GROUP BY 1, 2, 3, 4
       RETURNING guild_id, kind, bucket, event_count
     )
     SELECT guild_id, kind, bucket, sum(event_count)::int AS events FROM written GROUP BY 1, 2, 3`,
    [...marks, ...day],
  );
}
