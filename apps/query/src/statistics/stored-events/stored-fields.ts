import {
  FLAG_BOT_UNKNOWN,
  FLAG_IS_BOT,
  fieldsOf,
  type FieldColumn,
  type StatisticEvent,
  type StatisticKind,
} from '#libs/contracts';

/** What the fields of a kind are made of. */
export interface StoredFields extends Omit<StatisticEvent, 'kind' | 'guildId' | 'eventId'> {
  /** Since when the event is measured, in Unix milliseconds. */
  since: number | null;
}

const FIELD_OF_COLUMN: Readonly<Record<FieldColumn, (stored: StoredFields) => unknown>> = {
  user_id: ({ userId }) => userId,
  actor_id: ({ actorId }) => actorId,
  channel_id: ({ channelId }) => channelId,
  message_id: ({ messageId }) => messageId,
  label: ({ label }) => label,
  // Microseconds to milliseconds.
  value: ({ value }) => (value === null ? null : value / 1000),
  occurred_at: ({ occurredAt }) => new Date(occurredAt).toISOString(),
  since: ({ since }) => (since === null ? null : new Date(since).toISOString()),
  is_bot: ({ flags }) => ((flags & FLAG_BOT_UNKNOWN) !== 0 ? null : (flags & FLAG_IS_BOT) !== 0),
};

/** The fields of a kind under their names in the catalogue. */
export function kindFields(kind: StatisticKind, stored: StoredFields): Record<string, unknown> {
  return Object.fromEntries(fieldsOf(kind).map(({ name, column }) => [name, FIELD_OF_COLUMN[column](stored)]));
}
