import { CATALOGUE, identifierOf, type Catalogue, type FieldColumn, type StatisticKind } from './catalogue.js';
import { NO_OWN_STATISTICS, type OwnStatistics } from './own-statistics.js';
import { SWITCHES, type SwitchDefinition } from './switches.js';
import { resolveIdentity, snowflakeIdentity, type EventEnvelope, type EventIdentity } from './event-identity.js';
import type { JsonSchema } from './field-types.js';
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

/** A valid statistic event: a row of `statistic_events`. */
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
  /** Identity and time in the body. Not used by kinds that are identified by a snowflake. */
  given: { eventId?: string; occurredAt?: number };
};

/** What a field may hold and says, by its column. */
const COLUMNS = {
  user_id: { type: 'snowflake', description: 'The member' },
  channel_id: { type: 'snowflake', description: 'The channel' },
  message_id: { type: 'snowflake', description: 'The message' },
  label: { type: 'text', description: 'What the event is counted under' },
  value: { type: 'delay', description: 'How long it took' },
  is_bot: { type: 'boolean', description: 'Whether a bot caused the event' },
} as const satisfies Record<FieldColumn, Pick<FieldSpec, 'type' | 'description'>>;

const EVENT_ID = 'Identifies the event: sent again with the same id and time, it is stored once';
const OCCURRED_AT = 'When it happened';

/** The database has not given a kind of one's own its number yet. As with an outage, the work can be tried again. */
export class UnnumberedKindError extends Error {
  override readonly name = 'UnnumberedKindError';

  constructor(kind: string) {
    super(`the kind ${kind} has no number yet, because the service has not connected to the database`);
  }
}

/** A kind of statistics with compiled readers for its events. */
export class CompiledKind {
  /** The fields of an event. */
  readonly specs: FieldSpecs;
  private readonly fields: readonly NamedField[];
  private readonly indexes: ColumnIndexes;
  private givenNumber: number | undefined;

  /** @param isBuiltIn whether it is a kind of this project, and not of an operator's file */
  constructor(
    readonly name: string,
    readonly definition: StatisticKind,
    readonly isBuiltIn = true,
  ) {
    this.givenNumber = definition.number;
    this.specs = specsOf(definition);
    this.fields = listFields(this.specs);
    this.indexes = columnIndexesOf(definition, this.fields);
  }

  /** Its value of `statistic_events.kind`. @throws UnnumberedKindError */
  get number(): number {
    if (this.givenNumber === undefined) throw new UnnumberedKindError(this.name);
    return this.givenNumber;
  }

  /** Sets the number that the database has given to a kind of one's own. */
  giveNumber(number: number): void {
    this.givenNumber = number;
  }

  /** Reads the body of an event of this kind. Unknown fields are ignored. */
  read(body: JsonValue | undefined): Read<StatisticFields> {
    const read = readValues(this.fields, body);
    return read.ok ? { ok: true, value: toColumns(read.value, this.indexes) } : read;
  }

  /** The identity of an event, from the snowflake of the kind or from body and message. */
  identify(fields: StatisticFields, envelope: EventEnvelope): EventIdentity {
    const snowflake = this.snowflake(fields);
    return snowflake === null ? resolveIdentity(fields.given, envelope) : snowflakeIdentity(snowflake);
  }

  /** The snowflake that identifies the event; null if the kind has none. */
  snowflake(fields: StatisticFields): string | null {
    const { identifiedBy } = this.definition;
    if (identifiedBy === undefined) return null;
    return this.definition.fields[identifiedBy] === 'channel_id' ? fields.channelId : fields.messageId;
  }

  /** The JSON Schema of the event, which is also that of the POST body. */
  schema(): JsonSchema {
    return schemaOf(`${identifierOf(this.name)}Event`, this.specs, this.definition.title);
  }
}

/** The index of each column among the values of a kind's fields. Missing columns have the index of the final null. */
type ColumnIndexes = Record<FieldColumn | 'guild_id' | 'event_id' | 'occurred_at', number>;

function columnIndexesOf(definition: StatisticKind, fields: readonly NamedField[]): ColumnIndexes {
  const indexOf = (column: string) => {
    const field = Object.entries(definition.fields).find(([, stored]) => stored === column)?.[0] ?? column;
    const index = fields.findIndex(({ name }) => name === field);
    return index === -1 ? fields.length : index;
  };
  return {
    guild_id: indexOf('guild_id'),
    user_id: indexOf('user_id'),
    channel_id: indexOf('channel_id'),
    message_id: indexOf('message_id'),
    label: indexOf('label'),
    value: indexOf('value'),
    is_bot: indexOf('is_bot'),
    event_id: indexOf('event_id'),
    occurred_at: indexOf('occurred_at'),
  };
}

function toColumns(values: readonly unknown[], indexes: ColumnIndexes): StatisticFields {
  return {
    guildId: values[indexes.guild_id] as string,
    userId: values[indexes.user_id] as string | null,
    channelId: values[indexes.channel_id] as string | null,
    messageId: values[indexes.message_id] as string | null,
    label: values[indexes.label] as string | null,
    value: values[indexes.value] as number | null,
    flags: values[indexes.is_bot] === true ? FLAG_IS_BOT : 0,
    given: {
      eventId: (values[indexes.event_id] as string | null) ?? undefined,
      occurredAt: (values[indexes.occurred_at] as number | null) ?? undefined,
    },
  };
}

/** A kind that an operator has taken out of the file. Its events and totals stay until their retention takes them. */
export interface RetiredKind {
  name: string;
  number: number;
  definition: StatisticKind;
}

/** All statistics of a service: the catalogue, then the kinds of one's own. */
export class StatisticsContract {
  readonly kinds: readonly CompiledKind[];
  /** The switches of all kinds, in the order of documents and responses. */
  readonly switches: Readonly<Record<string, SwitchDefinition>>;
  /** Known after the service has connected to the database. */
  retired: readonly RetiredKind[] = [];
  private readonly byName: ReadonlyMap<string, CompiledKind>;

  constructor(
    readonly catalogue: Catalogue = CATALOGUE,
    own: OwnStatistics = NO_OWN_STATISTICS,
  ) {
    this.kinds = [
      ...Object.entries(catalogue).map(([name, definition]) => new CompiledKind(name, definition)),
      ...Object.entries(own.kinds).map(([name, definition]) => new CompiledKind(name, definition, false)),
    ];
    this.switches = { ...SWITCHES, ...own.switches };
    this.byName = new Map(this.kinds.map((kind) => [kind.name, kind]));
    requireUniqueNumbers(catalogue);
  }

  kind(name: string): CompiledKind | undefined {
    return this.byName.get(name);
  }

  /** The kind that is stored with this number, even if it is no longer collected. */
  numbered(number: number): Pick<CompiledKind, 'name' | 'definition'> | undefined {
    return (
      this.kinds.find((kind) => kind.number === number) ?? this.retired.find((retired) => retired.number === number)
    );
  }

  /** The name of the kind with this number; the number itself if only another version or another file knows the kind. */
  nameOf(number: number): string {
    return this.numbered(number)?.name ?? String(number);
  }
}

function specsOf(definition: StatisticKind): FieldSpecs {
  const specs: Record<string, FieldSpec> = {
    guild_id: { type: 'snowflake', required: true, description: 'The guild' },
  };
  for (const [name, column] of Object.entries(definition.fields)) specs[name] = { ...COLUMNS[column], required: true };
  if (definition.optionalUser) specs.user_id = { ...COLUMNS.user_id, required: false };
  if (definition.identifiedBy === undefined) {
    specs.event_id = { type: 'uuid', required: false, description: EVENT_ID };
    specs.occurred_at = { type: 'instant', required: false, description: OCCURRED_AT };
  }
  return specs;
}

function requireUniqueNumbers(catalogue: Catalogue): void {
  const seen = new Map<number, string>();
  for (const [name, { number }] of Object.entries(catalogue)) {
    const other = seen.get(number);
    if (other !== undefined) throw new Error(`the kinds ${other} and ${name} have the same number`);
    seen.set(number, name);
  }
}
