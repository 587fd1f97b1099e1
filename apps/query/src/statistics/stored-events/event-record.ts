import { hasUser, type JsonSchema, type StatisticKind } from '#libs/contracts';
import { ID_SCHEMA, objectOf, orNull, TIME_SCHEMA } from '../../openapi/schemas.js';
import type { EventRow } from './read-event-page.js';
import { kindFields } from './stored-fields.js';

export type EventRecord = { id: string; guild_id: string; timestamp: string } & Record<string, unknown>;

/** One event as a view answers it. What an erasure took is null. */
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

const FIELD_SCHEMAS = {
  user_id: orNull(ID_SCHEMA),
  channel_id: orNull(ID_SCHEMA),
  message_id: orNull(ID_SCHEMA),
  label: { type: ['string', 'null'] },
  value: { type: ['number', 'null'], description: 'Milliseconds' },
  is_bot: { type: 'boolean' },
} as const satisfies Record<string, JsonSchema>;

/** JSON Schema of a record. */
export function eventRecordSchema(kind: StatisticKind): JsonSchema {
  return objectOf(fieldSchemas(kind));
}

/** The names of a record's fields, in their order. */
export function recordFields(kind: StatisticKind): string[] {
  return Object.keys(fieldSchemas(kind));
}

function fieldSchemas(kind: StatisticKind): Record<string, JsonSchema> {
  const fields = Object.entries(kind.fields).map(([field, column]) => [field, FIELD_SCHEMAS[column]]);
  return {
    id: { type: 'string', format: 'uuid', description: 'The event_id' },
    guild_id: ID_SCHEMA,
    timestamp: { ...TIME_SCHEMA, description: 'When it occurred' },
    ...(hasUser(kind) && { user_id: orNull(ID_SCHEMA) }),
    ...(Object.fromEntries(fields) as Record<string, JsonSchema>),
  };
}
