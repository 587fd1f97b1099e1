import {
  GUILD_EVENTS,
  guildEventSchema,
  type FieldType,
  type GuildEventName,
  type StatisticsContract,
} from '#libs/contracts';
import type { DocumentedField } from '../query/documented-api.js';
import { wrongValues } from '../query/field-values.js';

export interface EventField extends DocumentedField {
  /** JSON of values that the field refuses. */
  wrong: readonly string[];
}

const NO_COUNT = ['-1', '1.5', '1.0', '1e2', '2147483648', '"1"', '""', 'true', '[]', '{}', `1${'0'.repeat(60)}`];
const NO_COUNTS = [
  '[]',
  '1',
  '"a"',
  'true',
  '{"x":1}',
  '{"0":1}',
  '{"01":1}',
  '{"9223372036854775808":1}',
  '{"1":-1}',
  '{"1":null}',
];

/** The fields of an event according to the contract. */
export function fieldsOfEvent(contract: StatisticsContract, name: string): EventField[] {
  const schema = contract.kind(name)?.schema() ?? guildEventSchema(name as GuildEventName);
  const { properties, required } = schema as {
    properties: Record<string, Record<string, unknown>>;
    required: string[];
  };
  return Object.entries(properties).map(([field, ofField]) => {
    const documented = { name: field, required: required.includes(field), schema: ofField };
    return { ...documented, wrong: wrongFor(documented, guildFieldType(name, field)) };
  });
}

function guildFieldType(event: string, field: string): FieldType | undefined {
  const fields: Record<string, { type: FieldType }> | undefined = GUILD_EVENTS[event as GuildEventName]?.fields;
  return fields?.[field]?.type;
}

function wrongFor(field: DocumentedField, type: FieldType | undefined): readonly string[] {
  if (type === 'count') return NO_COUNT;
  if (type === 'countsById') return NO_COUNTS;
  if (type === 'notTrue') return ['true', '1', '0', '"false"', '{}'];
  return wrongValues(field);
}
