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

/** An event in a view. It has the common fields and those of its kind. Erased fields are null. */
export class EventRecord {
  [field: string]: unknown;

  @UuidProperty({ description: 'The event_id' })
  id: string;

  @SnowflakeProperty()
  guild_id: string;

  @TimestampProperty({ description: 'When it occurred' })
  timestamp: string;
}

/** The columns of a kind's fields, in order, including its user. */
export function recordColumns(kind: StatisticKind): Readonly<Record<string, FieldColumn>> {
  return { ...(hasUser(kind) && { user_id: 'user_id' }), ...kind.fields };
}

/** Creates the response class for records of a kind, which becomes a component of the API document. */
export function recordClass({ name, definition }: CompiledKind): Type<EventRecord> {
  class KindRecord extends EventRecord {}
  for (const [field, column] of Object.entries(recordColumns(definition))) {
    PROPERTIES[column]()(KindRecord.prototype, field);
  }
  ApiSchema({ name: `${identifierOf(name)}Record` })(KindRecord);
  return KindRecord;
}
