import type { EntityManager } from 'typeorm';
import { DIMENSIONS, MEMBER_DIMENSIONS } from '#libs/contracts';
import { memberColumns, namesMember } from '#libs/erasure';
import type { EventRow } from '../statistics/stored-events/read-event-page.js';

export interface MemberEventRow extends EventRow {
  kind: number;
}

/** A row as it is stored, with bigint as text. */
export type StoredRow = Record<string, unknown>;

/**
 * Reads the oldest events of a member in a guild after this one, of all kinds. Each column that names members has an
 * index, through which it is read. Other members in the same event are not part of this member's data.
 */
export function readMemberEvents(
  manager: EntityManager,
  guildId: string,
  userId: string,
  after: MemberEventRow | undefined,
  limit: number,
): Promise<MemberEventRow[]> {
  const parameters: unknown[] = [guildId, userId, limit];
  let later = '';
  if (after !== undefined) {
    parameters.push(after.occurred_at, after.kind, after.event_id);
    // The first condition lets the planner prune partitions.
    later = `AND occurred_at >= $4::timestamptz AND (occurred_at, kind, event_id) > ($4::timestamptz, $5::smallint, $6::uuid)`;
  }
  const columns = memberColumns('statistic_events');
  const sources = columns.map((column, index) => {
    const notBefore = columns.slice(0, index).map((earlier) => `AND ${earlier} IS DISTINCT FROM $2`);
    return `(SELECT * FROM statistic_events WHERE guild_id = $1 AND ${column} = $2 ${notBefore.join(' ')} ${later}
      ORDER BY occurred_at, kind, event_id LIMIT $3)`;
  });
  const own = columns.map((column) => `CASE WHEN ${column} = $2 THEN ${column} END AS ${column}`);
  return manager.query(
    `SELECT kind, event_id, to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS occurred_at,
       ${own.join(', ')}, channel_id, message_id, label, value, flags
     FROM (${sources.join(' UNION ALL ')}) e
     ORDER BY e.occurred_at, kind, event_id LIMIT $3`,
    parameters,
  );
}

/**
 * Reads the starboard entries of a member's messages, and of others' messages that forward or reply to one of them.
 *
 * @param after the last message of the previous page
 */
export function readMemberEntries(
  manager: EntityManager,
  guildId: string,
  userId: string,
  after: string,
  limit: number,
): Promise<(StoredRow & { message_id: string })[]> {
  // Other members in the same entry are not part of this member's data.
  const own = memberColumns('starboard_entries').map(
    (column) => `CASE WHEN ${column} = $2 THEN ${column} END AS ${column}`,
  );
  return manager.query(
    `SELECT message_id, channel_id, ${own.join(', ')},
       state, entry_channel_id, entry_message_id, star_count, reserved_at, updated_at
     FROM starboard_entries
     WHERE guild_id = $1 AND ${namesMember('starboard_entries', '$2')} AND message_id > $3
     ORDER BY message_id LIMIT $4`,
    [guildId, userId, after, limit],
  );
}

/** Reads the member's counts of days whose events have been deleted by retention, as user and as actor. */
export async function readCountsWithoutEvents(
  manager: EntityManager,
  guildId: string,
  userId: string,
): Promise<StoredRow[]> {
  const rows = await manager.query<{ dimension: number }[]>(
    `SELECT kind, dimension, bucket AS "from", span AS minutes,
       sum(counts[array_position(ids, $2::bigint)])::int AS count
     FROM statistic_groups
     WHERE guild_id = $1 AND dimension = ANY ($3) AND bucket < (SELECT events_since FROM event_horizon)
       AND $2 = ANY (ids)
     GROUP BY kind, dimension, bucket, span ORDER BY bucket, kind, span, dimension`,
    [guildId, userId, MEMBER_DIMENSIONS],
  );
  return rows.map(({ dimension, ...row }) => ({ ...row, as: DIMENSION_NAMES.get(dimension) }));
}

const DIMENSION_NAMES = new Map<number, string>(Object.entries(DIMENSIONS).map(([name, { number }]) => [number, name]));

/** Reads when the member was erased. Events from before that time are not stored. */
export function readTombstones(manager: EntityManager, guildId: string, userId: string): Promise<StoredRow[]> {
  return manager.query('SELECT erased_at, before FROM erasure_tombstones WHERE guild_id = $1 AND user_id = $2', [
    guildId,
    userId,
  ]);
}
