import type { Type } from '@nestjs/common';
import { ApiSchema } from '@nestjs/swagger';
import { hasUser, identifierOf, type CompiledKind, type FieldColumn, type StatisticKind } from '#libs/contracts';
import { SchemaProperty, SnowflakeProperty, TimestampProperty, UuidProperty } from '../../answers/answer-properties.js';

const PROPERTIES: Readonly<Record<FieldColumn, () => PropertyDecorator>> = {
  user_id: () => SnowflakeProperty({ nullable: true }),
  channel_id: () => SnowflakeProperty({ nullable: true }),
  message_id: () => SnowflakeProperty({ nullable: true }),
  label: () => SchemaProperty({ type: ['string', 'null'] }),
  value: () => SchemaProperty({ type: ['number', 'null'] }, { description: 'Milliseconds' }),
  is_bot: () => SchemaProperty({ type: 'boolean' }),
};

/** One event as a view answers it: what every kind has, and the kind's own fields. What an erasure took is null. */
export class EventRecord {
  [field: string]: unknown;

  @UuidProperty({ description: 'The event_id' })
  id: string;

  @SnowflakeProperty()
  guild_id: string;

  @TimestampProperty({ description: 'When it occurred' })
  timestamp: string;
}

/** The columns of a kind's own fields, in their order; a user beside them is one of them. */
export function recordColumns(kind: StatisticKind): Readonly<Record<string, FieldColumn>> {
  return { ...(hasUser(kind) && { user_id: 'user_id' }), ...kind.fields };
}

/** The records of a kind, under a name of their own. */
export function recordClass({ name, definition }: CompiledKind): Type<EventRecord> {
  class KindRecord extends EventRecord {}
  for (const [field, column] of Object.entries(recordColumns(definition))) {
    PROPERTIES[column]()(KindRecord.prototype, field);
  }
  ApiSchema({ name: `${identifierOf(name)}Record` })(KindRecord);
  return KindRecord;
}
