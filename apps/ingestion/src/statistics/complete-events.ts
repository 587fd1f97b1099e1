import { derivedEventId, snowflakeTime, type CompiledKind, type LookUp, type StatisticEvent } from '#libs/contracts';
import { partitionRanges, readAndReleaseLocks, type Queries } from '#libs/database';
import { plainArray } from './array-literal.js';

/** An event that lacks fields. `found` is what completes it. */
interface Incomplete {
  event: StatisticEvent;
  found?: { occurredAt: number; userId: string | null; flags: number };
}

/** The columns by which an earlier event is found, and its condition. Times are Unix milliseconds. */
interface Search {
  idOf: (event: StatisticEvent) => string;
  timeOf: (event: StatisticEvent) => number;
  idType: 'uuid' | 'bigint';
  condition: string;
  /** Whether the event may be anywhere before the time, and not only at it. */
  isBefore: boolean;
}

const SEARCHES: Readonly<Record<LookUp['which'], Search>> = {
  // The key of an event that is identified by its message follows from the message.
  'same message': {
    idOf: ({ messageId }) => derivedEventId(messageId!),
    timeOf: ({ messageId }) => snowflakeTime(messageId!),
    idType: 'uuid',
    condition: 'e.event_id = l.id AND e.occurred_at = l.at',
    isBefore: false,
  },
  'latest of user': {
    idOf: ({ userId }) => userId!,
    timeOf: ({ occurredAt }) => occurredAt,
    idType: 'bigint',
    condition: 'e.user_id = l.id AND e.occurred_at <= l.at',
    isBefore: true,
  },
};

/**
 * Completes events by stored ones, as the catalogue says (`lookUp`). One statement for each kind and range of partitions,
 * the newest first, whose locks it releases again. What was written before in the same transaction is found too.
 *
 * @returns all events in their order; those for which nothing is stored are unchanged
 */
export async function completeEvents(
  manager: Queries,
  events: readonly StatisticEvent[],
): Promise<readonly StatisticEvent[]> {
  const incomplete = new Map<CompiledKind, Incomplete[]>();
  const byEvent = new Map<StatisticEvent, Incomplete>();
  for (const event of events) {
    if (event.kind.completedBy === undefined || !event.kind.isIncomplete(event)) continue;
    const entry = { event };
    byEvent.set(event, entry);
    const ofKind = incomplete.get(event.kind);
    if (ofKind === undefined) incomplete.set(event.kind, [entry]);
    else ofKind.push(entry);
  }
  if (byEvent.size === 0) return events;
  const ranges = (await partitionRanges(manager, 'statistic_events')).toReversed();
  for (const [kind, entries] of incomplete) {
    for (const [from, to] of ranges) await searchRange(manager, kind, entries, from, to);
  }
  return events.map((event) => {
    const found = byEvent.get(event)?.found;
    return found === undefined ? event : event.kind.complete(event, found);
  });
}

/** Searches a range of time, whose bounds are in Postgres's text format. */
async function searchRange(
  manager: Queries,
  { lookUp, completedBy }: CompiledKind,
  entries: readonly Incomplete[],
  from: string,
  to: string,
): Promise<void> {
  const search = SEARCHES[lookUp!.which];
  const [start, end] = [timeOfBound(from), timeOfBound(to)];
  const wanted = entries.filter(({ event, found }) => {
    const time = search.timeOf(event);
    return found === undefined && time >= start && (search.isBefore || time < end);
  });
  if (wanted.length === 0) return;
  const times = wanted.map(({ event }) => search.timeOf(event));
  const guilds = wanted.map(({ event }) => event.guildId);
  const rows = await readAndReleaseLocks(manager, () =>
    manager.query<{ position: number; occurred_ms: string; user_id: string | null; flags: number }[]>(sqlOf(search), [
      plainArray(guilds),
      plainArray(wanted.map(({ event }) => search.idOf(event))),
      plainArray(times.map(iso)),
      completedBy!.number,
      plainArray([...new Set(guilds)]),
      search.isBefore ? from : iso(Math.min(...times)),
      to,
      iso(Math.max(...times)),
    ]),
  );
  for (const { position, occurred_ms: ms, user_id: userId, flags } of rows) {
    wanted[position - 1]!.found = { occurredAt: Number(ms), userId, flags };
  }
}

/**
 * Finds at most one event for each: the aggregates are those of one event, or only the time is used. The conditions
 * with parameters alone let the planner prune partitions. What is erased, but not in the table yet, is not found.
 */
function sqlOf({ idType, condition }: Search): string {
  return `
    SELECT l.position::int AS position, extract(epoch FROM found.occurred_at) * 1000 AS occurred_ms, found.user_id, found.flags
    FROM unnest($1::bigint[], $2::${idType}[], $3::timestamptz[]) WITH ORDINALITY AS l(guild_id, id, at, position)
    CROSS JOIN LATERAL (
      SELECT e.guild_id, max(e.occurred_at) AS occurred_at, max(e.user_id) AS user_id, max(e.flags) AS flags
      FROM statistic_events e
      WHERE e.guild_id = l.guild_id AND e.kind = $4 AND ${condition}
        AND e.guild_id = ANY ($5::bigint[])
        AND e.occurred_at >= $6::timestamptz AND e.occurred_at < $7::timestamptz AND e.occurred_at <= $8::timestamptz
        AND NOT EXISTS (
          SELECT FROM erasure_tombstones t
          WHERE t.guild_id = e.guild_id AND (t.user_id = 0 OR t.user_id = e.user_id) AND t.before > e.occurred_at
        )
      GROUP BY e.guild_id
    ) AS found`;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

/** Unix milliseconds. */
function timeOfBound(bound: string): number {
  if (bound === '-infinity') return -Infinity;
  return bound === 'infinity' ? Infinity : Date.parse(bound.replace(' ', 'T').replace(/\+00$/, 'Z'));
}
