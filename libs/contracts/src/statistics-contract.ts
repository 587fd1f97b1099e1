import { CATALOGUE, identifierOf, type Catalogue, type FieldColumn, type StatisticKind } from './catalogue.js';
import { resolveIdentity, snowflakeIdentity, type EventEnvelope, type EventIdentity } from './event-identity.js';
import type { FieldType, JsonSchema } from './field-types.js';
import type { JsonValue } from '#libs/json';
import {
  listFields,
  readValues,
  schemaOf,
  type FieldSpec,
  type FieldSpecs,
  type NamedField,
  type Read,
} from './read-fields.js';

/** Bits of `statistic_events.flags`. */
export const FLAG_IS_BOT = 1;

/** One statistic event, read and checked: a row of `statistic_events`. */
export interface StatisticEvent {
  kind: CompiledKind;
  guildId: string;
  eventId: string;
  /** Unix milliseconds. */
  occurredAt: number;
  userId: string | null;
  channelId: string | null;
  messageId: string | null;
  label: string | null;
  /** Microseconds. */
  value: number | null;
  flags: number;
}

export type StatisticFields = Omit<StatisticEvent, 'kind' | 'eventId' | 'occurredAt'> & {
  /** What the body itself says of identity and time; kinds that a snowflake identifies do not ask for it. */
  given: { eventId?: string; occurredAt?: number };
};

const COLUMN_TYPES = {
  user_id: 'snowflake',
  channel_id: 'snowflake',
  message_id: 'snowflake',
  label: 'text',
  value: 'delay',
  is_bot: 'boolean',
} as const satisfies Record<FieldColumn, FieldType>;

/** A kind of the catalogue, made ready to read events. */
export class CompiledKind {
  private readonly specs: FieldSpecs;
  private readonly fields: readonly NamedField[];
  private readonly places: Places;

  constructor(
    readonly name: string,
    readonly definition: StatisticKind,
  ) {
    this.specs = specsOf(definition);
    this.fields = listFields(this.specs);
    this.places = placesOf(definition, this.fields);
  }

  /** Reads the body of an event of this kind; fields that are not the kind's are ignored. */
  read(body: JsonValue | undefined): Read<StatisticFields> {
    const read = readValues(this.fields, body);
    return read.ok ? { ok: true, value: toColumns(read.value, this.places) } : read;
  }

  /** The event's identity, by the kind's snowflake or by what body and message say. */
  identify(fields: StatisticFields, envelope: EventEnvelope): EventIdentity {
    const snowflake = this.snowflake(fields);
    return snowflake === null ? resolveIdentity(fields.given, envelope) : snowflakeIdentity(snowflake);
  }

  /** The snowflake that identifies the event, or null for a kind that none does. */
  snowflake(fields: StatisticFields): string | null {
    const { identifiedBy } = this.definition;
    if (identifiedBy === undefined) return null;
    return this.definition.fields[identifiedBy] === 'channel_id' ? fields.channelId : fields.messageId;
  }

  /** JSON Schema of the POST body and of the event, as the API documents show it. */
  schema(): JsonSchema {
    return schemaOf(`${identifierOf(this.name)}Event`, this.specs);
  }
}

/** Where among the values of a kind's fields those of each column are; a column that the kind lacks is at the last, null. */
type Places = Record<FieldColumn | 'guild_id' | 'event_id' | 'occurred_at', number>;

function placesOf(definition: StatisticKind, fields: readonly NamedField[]): Places {
  const placeOf = (column: string) => {
    const field = Object.entries(definition.fields).find(([, stored]) => stored === column)?.[0] ?? column;
    const place = fields.findIndex(({ name }) => name === field);
    return place === -1 ? fields.length : place;
  };
  return {
    guild_id: placeOf('guild_id'),
    user_id: placeOf('user_id'),
    channel_id: placeOf('channel_id'),
    message_id: placeOf('message_id'),
    label: placeOf('label'),
    value: placeOf('value'),
    is_bot: placeOf('is_bot'),
    event_id: placeOf('event_id'),
    occurred_at: placeOf('occurred_at'),
  };
}

function toColumns(values: readonly unknown[], places: Places): StatisticFields {
  return {
    guildId: values[places.guild_id] as string,
    userId: values[places.user_id] as string | null,
    channelId: values[places.channel_id] as string | null,
    messageId: values[places.message_id] as string | null,
    label: values[places.label] as string | null,
    value: values[places.value] as number | null,
    flags: values[places.is_bot] === true ? FLAG_IS_BOT : 0,
    given: {
      eventId: (values[places.event_id] as string | null) ?? undefined,
      occurredAt: (values[places.occurred_at] as number | null) ?? undefined,
    },
  };
}

/** A catalogue, made ready to read events; everything that is derived from the catalogue starts here. */
export class StatisticsContract {
  readonly kinds: readonly CompiledKind[];
  private readonly byName: ReadonlyMap<string, CompiledKind>;

  constructor(readonly catalogue: Catalogue = CATALOGUE) {
    this.kinds = Object.entries(catalogue).map(([name, definition]) => new CompiledKind(name, definition));
    this.byName = new Map(this.kinds.map((kind) => [kind.name, kind]));
    refuseSharedNumbers(this.kinds);
  }

  kind(name: string): CompiledKind | undefined {
    return this.byName.get(name);
  }
}

function specsOf(definition: StatisticKind): FieldSpecs {
  const specs: Record<string, FieldSpec> = { guild_id: { type: 'snowflake', required: true } };
  for (const [name, column] of Object.entries(definition.fields)) {
    specs[name] = { type: COLUMN_TYPES[column], required: true };
  }
  if (definition.optionalUser) specs.user_id = { type: 'snowflake', required: false };
  if (definition.identifiedBy === undefined) {
    specs.event_id = { type: 'uuid', required: false };
    specs.occurred_at = { type: 'instant', required: false };
  }
  return specs;
}

function refuseSharedNumbers(kinds: readonly CompiledKind[]): void {
  const seen = new Map<number, string>();
  for (const { name, definition } of kinds) {
    const other = seen.get(definition.number);
    if (other !== undefined) throw new Error(`the kinds ${other} and ${name} have the same number`);
    seen.set(definition.number, name);
  }
}
