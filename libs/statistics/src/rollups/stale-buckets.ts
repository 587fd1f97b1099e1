import type { EntityManager } from 'typeorm';
import { stripeOf } from '#libs/database';
import { DAY_MS, BUCKET_MS, SETTLING_MS, SPANS } from './buckets.js';

/** A bucket of one kind in one guild whose rollup has to be computed. */
export interface StaleBucket {
  guild_id: string;
  kind: number;
  /** When the bucket starts. */
  bucket: Date;
}

/** Guilds of one stripe whose stale buckets are processed together. */
export interface RollupBatch {
  stripe: number;
  guildIds: string[];
  staleBuckets: number;
}

/** Limits the stale buckets that are claimed under a stripe's exclusive lock. A guild is never divided. */
const MAX_BUCKETS_PER_BATCH = 5_000;

/**
 * All settled stale buckets, in batches by stripe.
 *
 * @param now Unix milliseconds; it decides when buckets are processed, and never makes a summary wrong
 */
export async function findRollupBatches(manager: EntityManager, now: number): Promise<RollupBatch[]> {
  const rows = await manager.query<{ guild_id: string; stale_buckets: number }[]>(
    `SELECT guild_id, count(*)::int AS stale_buckets FROM statistic_rollup_pending
     WHERE (span = ${SPANS.bucket} AND bucket <= $1) OR (span = ${SPANS.day} AND bucket <= $2)
     GROUP BY guild_id ORDER BY guild_id`,
    [latestSettled(now, BUCKET_MS), latestSettled(now, DAY_MS)],
  );
  const batches: RollupBatch[] = [];
  const currentBatches = new Map<number, RollupBatch>();
  for (const { guild_id: guildId, stale_buckets: staleBuckets } of rows) {
    const stripe = stripeOf(guildId);
    let current = currentBatches.get(stripe);
    if (current === undefined || current.staleBuckets + staleBuckets > MAX_BUCKETS_PER_BATCH) {
      current = { stripe, guildIds: [], staleBuckets: 0 };
      currentBatches.set(stripe, current);
      batches.push(current);
    }
    current.guildIds.push(guildId);
    current.staleBuckets += staleBuckets;
  }
  return batches;
}

/**
 * Claims the settled stale buckets: moves their rows from generation 0 to 1. Call this under the exclusive lock of the
 * guilds' stripe, so that no ingesting transaction is between its stale bucket and its commit. Then all events of
 * claimed buckets are committed and visible to the computation, and later transactions insert new rows of generation 0.
 */
export async function claimStaleBuckets(
  manager: EntityManager,
  guildIds: readonly string[],
  now: number,
): Promise<void> {
  await manager.query(
    `WITH moved AS (
       DELETE FROM statistic_rollup_pending
       WHERE guild_id = ANY ($1) AND span = ${SPANS.bucket} AND generation = 0 AND bucket <= $2
       RETURNING guild_id, kind, bucket
     )
     INSERT INTO statistic_rollup_pending (guild_id, kind, bucket, generation)
     SELECT guild_id, kind, bucket, 1 FROM moved
     ON CONFLICT DO NOTHING`,
    [guildIds, latestSettled(now, BUCKET_MS)],
  );
}

/** Stale buckets that a worker may compute: claimed 15-minute buckets, or settled days. */
export interface BucketSelection {
  span: (typeof SPANS)[keyof typeof SPANS];
  generation: 0 | 1;
  /** The start of the newest bucket, inclusive. */
  upTo: Date;
}

export function claimedBuckets(now: number): BucketSelection {
  return { span: SPANS.bucket, generation: 1, upTo: latestSettled(now, BUCKET_MS) };
}

export function settledDays(now: number): BucketSelection {
  return { span: SPANS.day, generation: 0, upTo: latestSettled(now, DAY_MS) };
}

/** The oldest of these stale buckets, in the order of {@link clearStaleBuckets}. */
export function oldestStaleBuckets(
  manager: EntityManager,
  guildIds: readonly string[],
  { span, generation, upTo }: BucketSelection,
  limit: number,
): Promise<StaleBucket[]> {
  return manager.query<StaleBucket[]>(
    `SELECT guild_id, kind, bucket FROM statistic_rollup_pending
     WHERE guild_id = ANY ($1) AND span = $2 AND generation = $3 AND bucket <= $4
     ORDER BY bucket, guild_id, kind LIMIT $5`,
    [guildIds, span, generation, upTo, limit],
  );
}

/**
 * Deletes the rows of stale buckets up to `last`, inclusive. These are exactly those that {@link oldestStaleBuckets}
 * returned, because only the holder of the worker lock adds such rows. The statement does not list them: the planner
 * has no current statistics of this table and would compare every row with every bucket.
 */
export async function clearStaleBuckets(
  manager: EntityManager,
  guildIds: readonly string[],
  { span, generation }: BucketSelection,
  last: StaleBucket,
): Promise<void> {
  await manager.query(
    `DELETE FROM statistic_rollup_pending
     WHERE guild_id = ANY ($1) AND span = $2 AND generation = $3 AND (bucket, guild_id, kind) <= ($4, $5, $6)`,
    [guildIds, span, generation, last.bucket, last.guild_id, last.kind],
  );
}

/** Makes the days of these 15-minute buckets stale, for the kinds with groups. */
export async function markDaysStale(
  manager: EntityManager,
  buckets: readonly StaleBucket[],
  kinds: readonly number[],
): Promise<void> {
  await manager.query(
    `INSERT INTO statistic_rollup_pending (guild_id, kind, bucket, span)
     SELECT DISTINCT guild_id, kind, date_trunc('day', bucket, 'UTC'), ${SPANS.day}
     FROM ${UNNESTED_BUCKETS} WHERE kind = ANY ($4)
     ON CONFLICT DO NOTHING`,
    [...bucketParameters(buckets), kinds],
  );
}

/** The buckets of {@link bucketParameters} as a table. */
export const UNNESTED_BUCKETS = `unnest($1::bigint[], $2::smallint[], $3::timestamptz[]) AS m(guild_id, kind, bucket)`;

export function bucketParameters(buckets: readonly StaleBucket[]): unknown[] {
  return [
    buckets.map(({ guild_id }) => guild_id),
    buckets.map(({ kind }) => kind),
    buckets.map(({ bucket }) => bucket.toISOString()),
  ];
}

/** The start of the newest settled bucket of this length. */
function latestSettled(now: number, lengthMs: number): Date {
  return new Date(now - lengthMs - SETTLING_MS);
}
