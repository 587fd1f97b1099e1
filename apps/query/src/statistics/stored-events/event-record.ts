import { hasUser, type StatisticKind } from '#libs/contracts';
import { kindRecordFields, type EventRecord } from './event-record.dto.js';
import type { EventRow } from './read-event-page.js';
import { kindFields } from './stored-fields.js';

/** Converts a row to the record that a view returns. Erased fields are null. */
export function eventRecord(kind: StatisticKind, guildId: string, row: EventRow): EventRecord {
  const timestamp = `${row.occurred_at.slice(0, 23)}Z`;
  const value = row.value === null ? null : Number(row.value);
  const occurredAt = Date.parse(timestamp);
  return {
    id: row.event_id,
    guild_id: guildId,
    timestamp,
    ...(hasUser(kind) && { user_id: row.user_id }),
    ...kindFields(kind, {
      userId: row.user_id,
      channelId: row.channel_id,
      messageId: row.message_id,
      label: row.label,
      actorId: row.actor_id,
      value,
      flags: row.flags,
      occurredAt,
      since: value === null ? null : occurredAt - value / 1000,
    }),
  };
}

/** The field names of a record, in order. */
export function recordFields(kind: StatisticKind): string[] {
  return ['id', 'guild_id', 'timestamp', ...kindRecordFields(kind).map(({ name }) => name)];
}
