import type { EntityManager } from 'typeorm';
import { stripeOf } from '#libs/database';
import { DAY_MS, QUARTER_MS, SETTLING_MS, SPANS } from './quarters.js';

/** A bucket of one kind in one guild whose rollup is to be computed. */
export interface MarkedBucket {
  guild_id: string;
  kind: number;
  /** When the bucket starts. */
  bucket: Date;
}

/** Guilds of one stripe whose marks are worked off together. */
export interface RollupPortion {
  stripe: number;
  guildIds: string[];
  marks: number;
}

/** So many marks are moved under the exclusive lock of a stripe at most, but those of one guild are moved together. */
const MARKS_A_PORTION = 5_000;

/**
 * What is to be done, by stripe. Buckets that have not settled yet are left for later.
 *
 * @param now Unix milliseconds; what it says decides when work is done, never whether a summary is right
 */
export async function findRollupWork(manager: EntityManager, now: number): Promise<RollupPortion[]> {
  const rows = await manager.query<{ guild_id: string; marks: number }[]>(
    `SELECT guild_id, count(*)::int AS marks FROM statistic_rollup_pending
     WHERE (span = ${SPANS.quarter} AND bucket <= $1) OR (span = ${SPANS.day} AND bucket <= $2)
     GROUP BY guild_id ORDER BY guild_id`,
    [latestSettled(now, QUARTER_MS), latestSettled(now, DAY_MS)],
  );
  const portions: RollupPortion[] = [];
  const open = new Map<number, RollupPortion>();
  for (const { guild_id: guildId, marks } of rows) {
    const stripe = stripeOf(guildId);
    let current = open.get(stripe);
    if (current === undefined || current.marks + marks > MARKS_A_PORTION) {
      current = { stripe, guildIds: [], marks: 0 };
      open.set(stripe, current);
      portions.push(current);
    }
    current.guildIds.push(guildId);
    current.marks += marks;
  }
  return portions;
}

/**
 * Moves the marks of settled quarters from generation 0 to 1. Call it under the exclusive lock of the guilds' stripe:
 * then no transaction that ingests is between its mark and its commit. Whatever bore a mark of generation 0 is
 * committed and will be seen by the recomputation; what comes later makes a new mark.
 */
export async function moveMarks(manager: EntityManager, guildIds: readonly string[], now: number): Promise<void> {
  await manager.query(
    `WITH moved AS (
       DELETE FROM statistic_rollup_pending
       WHERE guild_id = ANY ($1) AND span = ${SPANS.quarter} AND generation = 0 AND bucket <= $2
       RETURNING guild_id, kind, bucket
     )
     INSERT INTO statistic_rollup_pending (guild_id, kind, bucket, generation)
     SELECT guild_id, kind, bucket, 1 FROM moved
     ON CONFLICT DO NOTHING`,
    [guildIds, latestSettled(now, QUARTER_MS)],
  );
}

/** Marks that a worker may work off: of moved quarters, or of settled days. */
export interface WaitingMarks {
  span: (typeof SPANS)[keyof typeof SPANS];
  generation: 0 | 1;
  /** The newest bucket that may be taken. */
  upTo: Date;
}

export function movedQuarters(now: number): WaitingMarks {
  return { span: SPANS.quarter, generation: 1, upTo: latestSettled(now, QUARTER_MS) };
}

export function settledDays(now: number): WaitingMarks {
  return { span: SPANS.day, generation: 0, upTo: latestSettled(now, DAY_MS) };
}

/** The oldest of these marks, in the order of {@link deleteMarksUpTo}. */
export function oldestMarks(
  manager: EntityManager,
  guildIds: readonly string[],
  { span, generation, upTo }: WaitingMarks,
  limit: number,
): Promise<MarkedBucket[]> {
  return manager.query<MarkedBucket[]>(
    `SELECT guild_id, kind, bucket FROM statistic_rollup_pending
     WHERE guild_id = ANY ($1) AND span = $2 AND generation = $3 AND bucket <= $4
     ORDER BY bucket, guild_id, kind LIMIT $5`,
    [guildIds, span, generation, upTo, limit],
  );
}

/**
 * Deletes the marks up to and with this one: those that {@link oldestMarks} gave, as only the holder of the worker lock
 * makes such marks. They are not named one by one: the planner knows too little of a table that changes as fast as
 * this one, and compares each with each.
 */
export async function deleteMarksUpTo(
  manager: EntityManager,
  guildIds: readonly string[],
  { span, generation }: WaitingMarks,
  last: MarkedBucket,
): Promise<void> {
  await manager.query(
    `DELETE FROM statistic_rollup_pending
     WHERE guild_id = ANY ($1) AND span = $2 AND generation = $3 AND (bucket, guild_id, kind) <= ($4, $5, $6)`,
    [guildIds, span, generation, last.bucket, last.guild_id, last.kind],
  );
}

/** Marks the days of these quarters, for those kinds of which groups are kept. */
export async function markDays(
  manager: EntityManager,
  quarters: readonly MarkedBucket[],
  kinds: readonly number[],
): Promise<void> {
  await manager.query(
    `INSERT INTO statistic_rollup_pending (guild_id, kind, bucket, span)
     SELECT DISTINCT guild_id, kind, date_trunc('day', bucket, 'UTC'), ${SPANS.day}
     FROM ${UNNESTED_MARKS} WHERE kind = ANY ($4)
     ON CONFLICT DO NOTHING`,
    [...markParameters(quarters), kinds],
  );
}

/** The marks of {@link markParameters} as a table. */
export const UNNESTED_MARKS = `unnest($1::bigint[], $2::smallint[], $3::timestamptz[]) AS m(guild_id, kind, bucket)`;

export function markParameters(buckets: readonly MarkedBucket[]): unknown[] {
  return [
    buckets.map((mark) => mark.guild_id),
    buckets.map((mark) => mark.kind),
    buckets.map((mark) => mark.bucket.toISOString()),
  ];
}

/** The start of the newest bucket of this length that has settled. */
function latestSettled(now: number, lengthMs: number): Date {
  return new Date(now - lengthMs - SETTLING_MS);
}
