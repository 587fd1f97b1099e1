import { hasUser, type StatisticKind } from '#libs/contracts';
import { recordColumns, type EventRecord } from './event-record.dto.js';
import type { EventRow } from './read-event-page.js';
import { kindFields } from './stored-fields.js';

/** Converts a row to the record that a view returns. Erased fields are null. */
export function eventRecord(kind: StatisticKind, guildId: string, row: EventRow): EventRecord {
  return {
    id: row.event_id,
    guild_id: guildId,
    timestamp: `${row.occurred_at.slice(0, 23)}Z`,
    ...(hasUser(kind) && { user_id: row.user_id }),
    ...kindFields(kind, {
      userId: row.user_id,
      channelId: row.channel_id,
      messageId: row.message_id,
      label: row.label,
      value: row.value === null ? null : Number(row.value),
      flags: row.flags,
    }),
  };
}

/** The field names of a record, in order. */
export function recordFields(kind: StatisticKind): string[] {
  return ['id', 'guild_id', 'timestamp', ...Object.keys(recordColumns(kind))];
}
