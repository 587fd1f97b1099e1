import type { EntityManager } from 'typeorm';
import { DIMENSIONS } from '#libs/contracts';
import { DAY_MS, SPANS } from '#libs/statistics';
import type { ErasureJob } from './erasure-jobs.js';
import type { MemberReferences } from './member-references.js';
import { readBriefly, stretchesOf } from './partition-reads.js';

/**
 * Takes the member out of the oldest events that name the member and are from before the erasure: they keep counting,
 * but bear no user, no message and no id that was derived from one. Groups that name the member are deleted, and what
 * was touched is marked.
 *
 * @param from a time: there is nothing to be erased before it
 * @param limit how many events at most
 * @returns what was erased, and from where to go on; no `next` where the end was reached
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
  let daysLeft = Math.max(FEWEST_DAYS, Math.ceil(limit / EVENTS_A_DAY));
  for (const [begin, end] of await stretchesOf(manager, 'statistic_events')) {
    const wanted = Math.max(1, left);
    const parameters = [guildId, userId, from ?? '-infinity', before, wanted, begin, end];
    const days = await readBriefly(manager, () => manager.query<MemberDay[]>(FIND_EVENTS, parameters));
    for (const { first, last, count } of days) {
      if (left <= 0 || daysLeft <= 0) return { erased, next: first };
      const rows = await manager.query<{ kind: number; count: number }[]>(ERASE_EVENTS, [
        guildId,
        userId,
        first,
        last,
        count,
        DIMENSIONS.user.number,
        SPANS.quarter,
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

/** Each day is a partition of events and one of groups, which are locked until the step is over. */
const EVENTS_A_DAY = 100;
const FEWEST_DAYS = 8;

/** The member's oldest events of one UTC day. */
interface MemberDay {
  first: string;
  last: string;
  count: number;
}

const FIND_EVENTS = `
  SELECT min(occurred_at)::text AS first, max(occurred_at)::text AS last, count(*)::int AS count
  FROM (
    SELECT occurred_at FROM statistic_events
    WHERE guild_id = $1 AND user_id = $2 AND occurred_at >= $3 AND occurred_at < $4
      AND occurred_at >= $6 AND occurred_at < $7
    ORDER BY occurred_at LIMIT $5
  ) oldest
  GROUP BY date_trunc('day', occurred_at, 'UTC') ORDER BY min(occurred_at)`;

/**
 * Those that occurred at the same moment as the last one may be more than the limit; they are left for the next time.
 * The bounds in time are for the planner, which then looks at the partitions between them only. The new ids are drawn
 * beside the UPDATE and not in it: a sharded table takes no volatile function there.
 */
const ERASE_EVENTS = `
  WITH doomed AS MATERIALIZED (
    SELECT guild_id, kind, occurred_at, event_id, gen_random_uuid() AS new_id FROM statistic_events
    WHERE guild_id = $1 AND user_id = $2 AND occurred_at >= $3 AND occurred_at <= $4
    ORDER BY occurred_at LIMIT $5
  ),
  marks AS (
    INSERT INTO statistic_rollup_pending (guild_id, kind, bucket)
    SELECT DISTINCT guild_id, kind, date_bin('15 minutes', occurred_at, 'epoch') FROM doomed
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING
  ),
  named AS (
    DELETE FROM statistic_groups g
    USING (
      SELECT kind, $7::smallint AS span, date_bin('15 minutes', occurred_at, 'epoch') AS bucket FROM doomed
      UNION
      SELECT kind, $8::smallint, date_trunc('day', occurred_at, 'UTC') FROM doomed
    ) touched
    WHERE g.guild_id = $1 AND g.dimension = $6 AND g.bucket >= $9 AND g.bucket <= $4
      AND g.kind = touched.kind AND g.span = touched.span AND g.bucket = touched.bucket
  ),
  erased AS (
    UPDATE statistic_events e SET user_id = NULL, message_id = NULL, event_id = doomed.new_id
    FROM doomed
    WHERE e.guild_id = $1 AND e.occurred_at >= $3 AND e.occurred_at <= $4
      AND e.kind = doomed.kind AND e.occurred_at = doomed.occurred_at AND e.event_id = doomed.event_id
    RETURNING e.kind
  )
  SELECT kind, count(*)::int AS count FROM erased GROUP BY kind`;

function startOfDay(time: string): Date {
  return new Date(Math.floor(new Date(time).getTime() / DAY_MS) * DAY_MS);
}
