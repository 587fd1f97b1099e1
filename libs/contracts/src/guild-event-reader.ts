import { identifierOf } from './catalogue.js';
import type { JsonSchema } from './field-types.js';
import { GUILD_EVENTS, type GuildEventName } from './guild-events.js';
import type { JsonValue } from '#libs/json';
import { readFields, schemaOf, type FieldSpec, type ParsedField, type Read } from './read-fields.js';

type FieldsOf<N extends GuildEventName> = (typeof GUILD_EVENTS)[N]['fields'];
type Parsed<F> = F extends FieldSpec
  ? F['required'] extends true
    ? ParsedField<F['type']>
    : ParsedField<F['type']> | undefined
  : never;

/** The parsed fields of an event. */
export type GuildEventFields<N extends GuildEventName> = { [F in keyof FieldsOf<N>]: Parsed<FieldsOf<N>[F]> };

/** Reads the body of an event that is not a statistic. Unknown fields are ignored. */
export function readGuildEvent<N extends GuildEventName>(
  name: N,
  body: JsonValue | undefined,
): Read<GuildEventFields<N>> {
  return readFields(GUILD_EVENTS[name].fields, body) as Read<GuildEventFields<N>>;
}

/** JSON Schema of the event's body. */
export function guildEventSchema(name: GuildEventName): JsonSchema {
  const { title, fields } = GUILD_EVENTS[name];
  return schemaOf(`${identifierOf(name)}Event`, fields, title);
}
