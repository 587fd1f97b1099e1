import type { Type } from '@nestjs/common';
import { ApiSchema } from '@nestjs/swagger';
import {
  fieldsOf,
  hasUser,
  identifierOf,
  type CompiledKind,
  type FieldColumn,
  type KindField,
  type StatisticKind,
} from '#libs/contracts';
import { SchemaProperty, SnowflakeProperty, TimestampProperty, UuidProperty } from '../../answers/answer-properties.js';

const PROPERTIES: Readonly<Record<FieldColumn, (field: Omit<KindField, 'name'>) => PropertyDecorator>> = {
  user_id: () => SnowflakeProperty({ nullable: true }),
  actor_id: () => SnowflakeProperty({ nullable: true }),
  channel_id: () => SnowflakeProperty({ nullable: true }),
  message_id: () => SnowflakeProperty({ nullable: true }),
  label: ({ words }) => SchemaProperty({ type: ['string', 'null'], ...(words && { enum: [...words, null] }) }),
  value: () => SchemaProperty({ type: ['number', 'null'] }, { description: 'Milliseconds' }),
  occurred_at: () => TimestampProperty(),
  since: () => TimestampProperty({ nullable: true }),
  is_bot: ({ isOptional }) => SchemaProperty({ type: isOptional ? ['boolean', 'null'] : 'boolean' }),
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

/** The fields of a kind, in order, with its user first. */
export function kindRecordFields(kind: StatisticKind): KindField[] {
  const own = fieldsOf(kind).filter(({ name }) => name !== 'user_id');
  return hasUser(kind) ? [{ name: 'user_id', column: 'user_id', isOptional: true }, ...own] : own;
}

/** Creates the response class for records of a kind, which becomes a component of the API document. */
export function recordClass({ name, definition }: CompiledKind): Type<EventRecord> {
  class KindRecord extends EventRecord {}
  for (const field of kindRecordFields(definition)) PROPERTIES[field.column](field)(KindRecord.prototype, field.name);
  ApiSchema({ name: `${identifierOf(name)}Record` })(KindRecord);
  return KindRecord;
}
