import type { EntityManager } from 'typeorm';
import { MEMBER_DIMENSIONS } from '#libs/contracts';
import { partitionRanges, readAndReleaseLocks } from '#libs/database';
import { DAY_MS, SPANS } from '#libs/statistics';
import { memberColumns } from './erased-tables.js';
import type { ErasureJob } from './erasure-jobs.js';
import type { MemberReferences } from './member-references.js';

/**
 * Removes the member from the oldest events that name the member and are from before the erasure. The events still
 * count. The member's own events lose their user, message and derived id, and their claims are deleted; events of
 * others lose only the actor. Groups that name the member are deleted, and the buckets become stale.
 *
 * @param from a time; everything before it is erased already
 * @param limit the maximum number of events
 * @returns what was erased, and where the next step continues; no `next` at the end
 */
export async function eraseMemberEvents(
  manager: EntityManager,
  { guildId, userId, before }: ErasureJob,
  from: string | undefined,
  limit: number,
): Promise<{ erased: MemberReferences; next?: string }> {
  const eventsByKind = new Map<number, number>();
  const erased = { eventsByKind, starboardEntries: 0 };
  let left = limit;
  let daysLeft = Math.max(MIN_DAYS, Math.ceil(limit / EVENTS_PER_DAY));
  for (const [begin, end] of await partitionRanges(manager, 'statistic_events')) {
    const wanted = Math.max(1, left);
    const parameters = [guildId, userId, from ?? '-infinity', before, wanted, begin, end];
    const days = await readAndReleaseLocks(manager, () => manager.query<MemberDay[]>(FIND_EVENTS, parameters));
    for (const { first, last, count } of days) {
      if (left <= 0 || daysLeft <= 0) return { erased, next: first };
      const rows = await manager.query<{ kind: number; count: number }[]>(ERASE_EVENTS, [
        guildId,
        userId,
        first,
        last,
        count,
        MEMBER_DIMENSIONS,
        SPANS.bucket,
        SPANS.day,
        startOfDay(first),
      ]);
      for (const row of rows) eventsByKind.set(row.kind, (eventsByKind.get(row.kind) ?? 0) + row.count);
      left -= count;
      daysLeft--;
    }
    const found = days.reduce((sum, { count }) => sum + count, 0);
    if (found === wanted) return { erased, next: days.at(-1)!.last };
  }
  return { erased };
}

/** Limits the days of a step: each locks a partition of events and one of groups until the step ends. */
const EVENTS_PER_DAY = 100;
const MIN_DAYS = 8;

/** The member's oldest events of one UTC day. */
interface MemberDay {
  first: string;
  last: string;
  count: number;
}

/**
 * A query of the oldest $5 events that name the member $2, through the index of each column that names members. An event
 * that names the member twice is found once.
 */
function oldestEvents(columns: string, times: string): string {
  const byColumn = memberColumns('statistic_events').map(
    (column) => `
      (SELECT ${columns} FROM statistic_events
       WHERE guild_id = $1 AND ${column} = $2 AND ${times}
       ORDER BY occurred_at LIMIT $5)`,
  );
  return `SELECT * FROM (${byColumn.join(' UNION ')}) found ORDER BY occurred_at LIMIT $5`;
}

/** Whether the event is the member's own, or only has the member as its actor. */
const OLDEST_COLUMNS = 'guild_id, kind, occurred_at, event_id, user_id IS NOT DISTINCT FROM $2 AS is_own';

const FIND_EVENTS = `
  SELECT min(occurred_at)::text AS first, max(occurred_at)::text AS last, count(*)::int AS count
  FROM (${oldestEvents('occurred_at, kind, event_id', 'occurred_at >= $3 AND occurred_at < $4 AND occurred_at >= $6 AND occurred_at < $7')}) oldest
  GROUP BY date_trunc('day', occurred_at, 'UTC') ORDER BY min(occurred_at)`;

/**
 * Events of the same time as the last one may exceed the limit; they are left for the next step. The time bounds let
 * the planner prune partitions. Because of the condition on the guild of the targets, it expects few of them and looks
 * up each event by the primary key; otherwise it may compare every target with every event of that time. The new ids
 * are drawn outside of the UPDATE, because an UPDATE of a sharded table must not call a volatile function.
 */
const ERASE_EVENTS = `
  WITH target AS MATERIALIZED (
    SELECT guild_id, kind, occurred_at, event_id, is_own, gen_random_uuid() AS new_id
    FROM (${oldestEvents(OLDEST_COLUMNS, 'occurred_at >= $3 AND occurred_at <= $4')}) oldest
  ),
  stale AS (
    INSERT INTO statistic_rollup_pending (guild_id, kind, bucket)
    SELECT DISTINCT guild_id, kind, date_bin('15 minutes', occurred_at, 'epoch') FROM target
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING
  ),
  deleted_groups AS (
    DELETE FROM statistic_groups g
    USING (
      SELECT kind, $7::smallint AS span, date_bin('15 minutes', occurred_at, 'epoch') AS bucket FROM target
      UNION
      SELECT kind, $8::smallint, date_trunc('day', occurred_at, 'UTC') FROM target
    ) touched
    WHERE g.guild_id = $1 AND g.dimension = ANY ($6) AND g.bucket >= $9 AND g.bucket <= $4
      AND g.kind = touched.kind AND g.span = touched.span AND g.bucket = touched.bucket
  ),
  deleted_claims AS (
    DELETE FROM statistic_claims c USING target
    WHERE c.guild_id = $1 AND c.kind = target.kind AND c.event_id = target.event_id AND target.is_own
    RETURNING c.kind, c.also_claimed
  ),
  deleted_other_claims AS (
    DELETE FROM statistic_claims c USING deleted_claims d
    WHERE c.guild_id = $1 AND c.kind = d.kind AND c.event_id = d.also_claimed
  ),
  erased AS (
    UPDATE statistic_events e SET
      user_id = CASE WHEN target.is_own THEN NULL ELSE e.user_id END,
      message_id = CASE WHEN target.is_own THEN NULL ELSE e.message_id END,
      event_id = CASE WHEN target.is_own THEN target.new_id ELSE e.event_id END,
      actor_id = nullif(e.actor_id, $2)
    FROM target
    WHERE e.guild_id = $1 AND target.guild_id = $1 AND e.occurred_at >= $3 AND e.occurred_at <= $4
      AND e.kind = target.kind AND e.occurred_at = target.occurred_at AND e.event_id = target.event_id
    RETURNING e.kind
  )
  SELECT kind, count(*)::int AS count FROM erased GROUP BY kind`;

function startOfDay(time: string): Date {
  return new Date(Math.floor(new Date(time).getTime() / DAY_MS) * DAY_MS);
}
