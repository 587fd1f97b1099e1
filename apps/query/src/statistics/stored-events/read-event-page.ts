import type { EntityManager } from 'typeorm';
import type { TimeWindow } from '#libs/statistics';

/** The key of a record, for keyset pagination. */
export interface RecordKey {
  /** ISO 8601 in UTC with microseconds, exactly as stored. */
  occurredAt: string;
  eventId: string;
}

export interface EventPageQuery {
  guildId: string;
  /** Number of the kind. */
  kind: number;
  window: TimeWindow;
  userId?: string;
  channelId?: string;
  /** Returns only records older than this one. */
  after?: RecordKey;
  limit: number;
}

/** A row of `statistic_events`, with bigint and exact times as text. */
export interface EventRow {
  event_id: string;
  /** ISO 8601 in UTC with microseconds. */
  occurred_at: string;
  user_id: string | null;
  actor_id: string | null;
  channel_id: string | null;
  message_id: string | null;
  label: string | null;
  /** Microseconds. */
  value: string | null;
  flags: number;
}

/** Reads the newest events of a kind in a window. The primary key provides the order. */
export function readEventPage(manager: EntityManager, query: EventPageQuery): Promise<EventRow[]> {
  const parameters: unknown[] = [];
  const bind = (value: unknown, type: string) => `$${parameters.push(value)}::${type}`;
  const conditions = [
    `guild_id = ${bind(query.guildId, 'bigint')}`,
    `kind = ${bind(query.kind, 'smallint')}`,
    `occurred_at >= ${bind(new Date(query.window.from).toISOString(), 'timestamptz')}`,
    `occurred_at < ${bind(new Date(query.window.to).toISOString(), 'timestamptz')}`,
  ];
  if (query.userId !== undefined) conditions.push(`user_id = ${bind(query.userId, 'bigint')}`);
  if (query.channelId !== undefined) conditions.push(`channel_id = ${bind(query.channelId, 'bigint')}`);
  if (query.after !== undefined) {
    const { occurredAt, eventId } = query.after;
    conditions.push(`(occurred_at, event_id) < (${bind(occurredAt, 'timestamptz')}, ${bind(eventId, 'uuid')})`);
    // Lets the planner prune partitions, which it cannot do with the row comparison.
    conditions.push(`occurred_at <= ${bind(occurredAt, 'timestamptz')}`);
  }
  return manager.query<EventRow[]>(
    `SELECT event_id, to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS occurred_at,
       user_id, actor_id, channel_id, message_id, label, value, flags
     FROM statistic_events e
     WHERE ${conditions.join(' AND ')}
     ORDER BY e.occurred_at DESC, event_id DESC
     LIMIT ${bind(query.limit, 'integer')}`,
    parameters,
  );
}
