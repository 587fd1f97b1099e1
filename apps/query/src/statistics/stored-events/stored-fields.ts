import { FLAG_IS_BOT, type FieldColumn, type StatisticEvent, type StatisticKind } from '#libs/contracts';

/** The columns of an event that hold the kind's own fields. */
export type StoredFields = Pick<StatisticEvent, 'userId' | 'channelId' | 'messageId' | 'label' | 'value' | 'flags'>;

const FIELD_OF_COLUMN: Readonly<Record<FieldColumn, (stored: StoredFields) => unknown>> = {
  user_id: ({ userId }) => userId,
  channel_id: ({ channelId }) => channelId,
  message_id: ({ messageId }) => messageId,
  label: ({ label }) => label,
  // Stored in microseconds, written in milliseconds.
  value: ({ value }) => (value === null ? null : value / 1000),
  is_bot: ({ flags }) => (flags & FLAG_IS_BOT) !== 0,
};

/** The kind's own fields under the names of the catalogue. */
export function kindFields(kind: StatisticKind, stored: StoredFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(kind.fields).map(([field, column]) => [field, FIELD_OF_COLUMN[column](stored)]),
  );
}
