import type { TestDatabase } from '../harness/test-database.js';

/** A row of `statistic_events`. Optional columns have defaults. */
export interface StoredEvent {
  guildId: string;
  kind: number;
  /** ISO 8601. */
  occurredAt: string;
  eventId: string;
  userId?: string;
  channelId?: string;
  messageId?: string;
  label?: string;
  /** Microseconds. */
  value?: number;
  flags?: number;
  actorId?: string;
}

/** Stores events as the ingestion service does, and marks their buckets as stale. */
export async function storeEvents(database: TestDatabase, events: readonly StoredEvent[]): Promise<void> {
  await database.query(
    `INSERT INTO statistic_events
       (guild_id, kind, occurred_at, event_id, user_id, channel_id, message_id, label, value, flags, actor_id)
     SELECT "guildId", kind, "occurredAt", "eventId", "userId", "channelId", "messageId", label, value, coalesce(flags, 0), "actorId"
     FROM jsonb_to_recordset($1::jsonb) AS e("guildId" bigint, kind smallint, "occurredAt" timestamptz, "eventId" uuid,
       "userId" bigint, "channelId" bigint, "messageId" bigint, label text, value bigint, flags smallint, "actorId" bigint)`,
    [JSON.stringify(events)],
  );
  await database.query(
    `INSERT INTO statistic_rollup_pending (guild_id, kind, bucket)
     SELECT DISTINCT "guildId", kind, date_bin('15 minutes', "occurredAt", 'epoch')
     FROM jsonb_to_recordset($1::jsonb) AS e("guildId" bigint, kind smallint, "occurredAt" timestamptz)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(events)],
  );
}
