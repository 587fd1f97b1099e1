import { FLAG_IS_BOT, type FieldColumn, type StatisticEvent, type StatisticKind } from '#libs/contracts';

/** The columns of an event that store the fields of its kind. */
export type StoredFields = Pick<StatisticEvent, 'userId' | 'channelId' | 'messageId' | 'label' | 'value' | 'flags'>;

const FIELD_OF_COLUMN: Readonly<Record<FieldColumn, (stored: StoredFields) => unknown>> = {
  user_id: ({ userId }) => userId,
  channel_id: ({ channelId }) => channelId,
  message_id: ({ messageId }) => messageId,
  label: ({ label }) => label,
  // Microseconds to milliseconds.
  value: ({ value }) => (value === null ? null : value / 1000),
  is_bot: ({ flags }) => (flags & FLAG_IS_BOT) !== 0,
};

/** The fields of a kind under their names in the catalogue. */
export function kindFields(kind: StatisticKind, stored: StoredFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(kind.fields).map(([field, column]) => [field, FIELD_OF_COLUMN[column](stored)]),
  );
}
