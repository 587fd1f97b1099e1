import {
  CATALOGUE,
  fieldIn,
  fieldsOf,
  givenIdentity,
  identifierOf,
  type Catalogue,
  type FieldColumn,
  type KindField,
  type LookUp,
  type StatisticKind,
} from './catalogue.js';
import {
  derivedEventId,
  hasGivenId,
  resolveIdentity,
  snowflakeIdentity,
  type EventEnvelope,
  type EventIdentity,
} from './event-identity.js';
import { NO_OWN_STATISTICS, type OwnStatistics } from './own-statistics.js';
import { SWITCHES, type SwitchDefinition } from './switches.js';
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
import { snowflakeTime } from './snowflake.js';

/** Bits of `statistic_events.flags`. */
export const FLAG_IS_BOT = 1;
/** The event did not say whether a bot caused it, although events of its kind can. */
export const FLAG_BOT_UNKNOWN = 2;

/** A valid statistic event: a row of `statistic_events`. */
export interface StatisticEvent {
  kind: CompiledKind;
  guildId: string;
  eventId: string;
  /** Unix milliseconds. */
  occurredAt: number;
  userId: string | null;
  actorId: string | null;
  channelId: string | null;
  messageId: string | null;
  label: string | null;
  /** Microseconds. */
  value: number | null;
  flags: number;
}

export type StatisticFields = Omit<StatisticEvent, 'kind' | 'eventId' | 'occurredAt'> & {
  /** The field in the column `since`. Unix milliseconds. */
  since: number | null;
  /** Identity and time in the body, as far as they identify events of the kind. */
  given: { eventId?: string; occurredAt?: number };
};

/** What a field may hold and says, by its column. */
const COLUMNS = {
  user_id: { type: 'snowflake', description: 'The member' },
  actor_id: { type: 'snowflake', description: 'Another member who had a part in it' },
  channel_id: { type: 'snowflake', description: 'The channel' },
  message_id: { type: 'snowflake', description: 'The message' },
  label: { type: 'text', description: 'What the event is counted under' },
  value: { type: 'delay', description: 'How long it took' },
  occurred_at: { type: 'instant', description: 'When it happened' },
  since: { type: 'instant', description: 'When it began' },
  is_bot: { type: 'boolean', description: 'Whether a bot caused the event' },
} as const satisfies Record<FieldColumn, Pick<FieldSpec, 'type' | 'description'>>;

const EVENT_ID = 'Identifies the event: sent again with the same id and time, it is stored once';
const CLAIMED_EVENT_ID = 'Identifies the event: sent again with the same id, it is stored once';

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
  /** Whether the first event with an id is stored, and later ones are not. */
  readonly isClaimed: boolean;
  private readonly fields: readonly NamedField[];
  private readonly indexes: ColumnIndexes;
  private givenNumber: number | undefined;
  /** The flags of an event that does not say whether a bot caused it. */
  private readonly flagsWithoutBot: number;
  /** The kind whose events complete those of this kind, if the contract has it. */
  completedBy: CompiledKind | undefined;
  private readonly composite: { columns: readonly FieldColumn[]; suffix: string } | undefined;

  /** @param isBuiltIn whether it is a kind of this project, and not of an operator's file */
  constructor(
    readonly name: string,
    readonly definition: StatisticKind,
    readonly isBuiltIn = true,
  ) {
    this.givenNumber = definition.number;
    const ofKind = fieldsOf(definition);
    this.specs = specsOf(definition, ofKind);
    this.fields = listFields(this.specs);
    this.indexes = columnIndexesOf(ofKind, this.fields);
    this.isClaimed = definition.isClaimed === true;
    const isBot = ofKind.find(({ column }) => column === 'is_bot');
    this.flagsWithoutBot = isBot?.isOptional === true ? FLAG_BOT_UNKNOWN : 0;
    this.composite = compositeOf(definition, ofKind);
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
    return read.ok ? { ok: true, value: toColumns(read.value, this.indexes, this.flagsWithoutBot) } : read;
  }

  /** The identity of an event, from the fields that identify the kind or from body and message. */
  identify(fields: StatisticFields, envelope: EventEnvelope): EventIdentity {
    const { identifiedBy } = this.definition;
    if (identifiedBy === undefined) return resolveIdentity(fields.given, envelope);
    if (typeof identifiedBy !== 'string') return this.identifyComposite(fields, envelope);
    return snowflakeIdentity(this.snowflake(identifiedBy, fields)!, identifiedBy);
  }

  private identifyComposite(fields: StatisticFields, envelope: EventEnvelope): EventIdentity {
    const given = resolveIdentity(fields.given, envelope);
    const { definition, isClaimed } = this;
    const timeField = fieldIn(definition, 'occurred_at');
    const start = this.startOf(fields);
    // Discord says when it began. So if the event is earlier, it is the publisher's clock that is wrong.
    const isBeforeStart = start !== null && start > given.occurredAt;
    const occurredAt = isBeforeStart ? start : given.occurredAt;
    const timeFrom = (isBeforeStart ? this.startField : timeField) ?? given.timeFrom;
    const name = this.compositeName({ ...fields, occurredAt });
    if (name !== null) return { eventId: derivedEventId(name), occurredAt, timeFrom, repeatable: true };
    const repeatable = isClaimed ? hasGivenId(fields.given, envelope) : given.repeatable;
    return { eventId: given.eventId, occurredAt, timeFrom, repeatable };
  }

  /** The measure of an event, in microseconds. @param occurredAt Unix milliseconds */
  valueOf(fields: StatisticFields, occurredAt: number): number | null {
    const start = this.startOf(fields);
    return start === null ? fields.value : (occurredAt - start) * 1000;
  }

  /** What completes events of this kind; undefined if nothing does. */
  get lookUp(): LookUp | undefined {
    return this.definition.lookUp;
  }

  /** Whether the event lacks a field that a look-up can give. */
  isIncomplete(event: StatisticEvent): boolean {
    return this.lookUp !== undefined && this.lookUp.fields.some((field) => LACKS[this.columnOf(field)]?.(event));
  }

  /** The event with the fields that it lacks, as far as the other event has them. */
  complete(event: StatisticEvent, found: FoundEvent): StatisticEvent {
    const completed = { ...event };
    for (const field of this.lookUp!.fields) {
      const column = this.columnOf(field);
      if (LACKS[column]?.(event) === true) FILL[column]!(completed, found);
    }
    return completed;
  }

  /** The ids of which only one event may exist: its own, and the one that its completed fields give. */
  claimsOf(event: StatisticEvent): string[] {
    const since = event.value === null ? null : event.occurredAt - event.value / 1000;
    const name = this.compositeName({ ...event, since });
    const derived = name === null ? event.eventId : derivedEventId(name);
    return derived === event.eventId ? [derived] : [event.eventId, derived];
  }

  /** The JSON Schema of the event, which is also that of the POST body. */
  schema(): JsonSchema {
    return schemaOf(`${identifierOf(this.name)}Event`, this.specs, this.definition.title);
  }

  /** The field that says since when events are measured. */
  private get startField(): string | undefined {
    return this.definition.measuredSince ?? fieldIn(this.definition, 'since');
  }

  /** Since when the event is measured, in Unix milliseconds. */
  private startOf(fields: StatisticFields): number | null {
    const { measuredSince } = this.definition;
    if (measuredSince === undefined) return fields.since;
    const snowflake = this.snowflake(measuredSince, fields);
    return snowflake === null ? null : snowflakeTime(snowflake);
  }

  private snowflake(field: string, { channelId, messageId }: StatisticFields): string | null {
    return this.columnOf(field) === 'channel_id' ? channelId : messageId;
  }

  private compositeName(parts: IdentityParts): string | null {
    if (this.composite === undefined) return null;
    const values = this.composite.columns.map((column) => PARTS[column]!(parts));
    return values.includes(null) ? null : `${values.join(':')}${this.composite.suffix}`;
  }

  private columnOf(field: string): FieldColumn {
    const definition = this.definition.fields[field];
    if (definition === undefined) return 'user_id'; // the optional user
    return typeof definition === 'string' ? definition : definition.column;
  }
}

/** What a look-up reads of an earlier event. */
export interface FoundEvent {
  /** Unix milliseconds. */
  occurredAt: number;
  userId: string | null;
  flags: number;
}

/** Whether an event lacks the field in this column, for the columns that a look-up can fill. */
const LACKS: Partial<Record<FieldColumn, (event: StatisticEvent) => boolean>> = {
  user_id: ({ userId }) => userId === null,
  is_bot: ({ flags }) => (flags & FLAG_BOT_UNKNOWN) !== 0,
  since: ({ value }) => value === null,
};

/** Fills the same columns. */
const FILL: Partial<Record<FieldColumn, (event: StatisticEvent, found: FoundEvent) => void>> = {
  user_id: (event, { userId }) => (event.userId = userId),
  is_bot: (event, { flags }) => (event.flags = flags & (FLAG_IS_BOT | FLAG_BOT_UNKNOWN)),
  since: (event, { occurredAt }) => (event.value = (event.occurredAt - occurredAt) * 1000),
};

/** What a composite identity can be made of. */
type IdentityParts = Pick<StatisticFields, 'userId' | 'channelId' | 'messageId' | 'since'> & { occurredAt: number };

const PARTS: Partial<Record<FieldColumn, (parts: IdentityParts) => string | number | null>> = {
  user_id: ({ userId }) => userId,
  channel_id: ({ channelId }) => channelId,
  message_id: ({ messageId }) => messageId,
  occurred_at: ({ occurredAt }) => occurredAt,
  since: ({ since }) => since,
};

function compositeOf({ identifiedBy }: StatisticKind, fields: readonly KindField[]) {
  if (identifiedBy === undefined || typeof identifiedBy === 'string') return undefined;
  const columns = identifiedBy.fields.map((name) => fields.find((field) => field.name === name)!.column);
  return { columns, suffix: identifiedBy.suffix === undefined ? '' : `:${identifiedBy.suffix}` };
}

/** The index of each column among the values of a kind's fields. Missing columns have the index of the final null. */
type ColumnIndexes = Record<FieldColumn | 'guild_id' | 'event_id', number>;

function columnIndexesOf(ofKind: readonly KindField[], fields: readonly NamedField[]): ColumnIndexes {
  const indexOf = (column: string) => {
    const field = ofKind.find((each) => each.column === column)?.name ?? column;
    const index = fields.findIndex(({ name }) => name === field);
    return index === -1 ? fields.length : index;
  };
  return {
    guild_id: indexOf('guild_id'),
    user_id: indexOf('user_id'),
    actor_id: indexOf('actor_id'),
    channel_id: indexOf('channel_id'),
    message_id: indexOf('message_id'),
    label: indexOf('label'),
    value: indexOf('value'),
    since: indexOf('since'),
    is_bot: indexOf('is_bot'),
    event_id: indexOf('event_id'),
    occurred_at: indexOf('occurred_at'),
  };
}

function toColumns(values: readonly unknown[], indexes: ColumnIndexes, flagsWithoutBot: number): StatisticFields {
  const isBot = values[indexes.is_bot] as boolean | null;
  return {
    guildId: values[indexes.guild_id] as string,
    userId: values[indexes.user_id] as string | null,
    actorId: values[indexes.actor_id] as string | null,
    channelId: values[indexes.channel_id] as string | null,
    messageId: values[indexes.message_id] as string | null,
    label: values[indexes.label] as string | null,
    value: values[indexes.value] as number | null,
    since: values[indexes.since] as number | null,
    flags: isBot === null ? flagsWithoutBot : Number(isBot) * FLAG_IS_BOT,
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
    for (const kind of this.kinds) if (kind.lookUp !== undefined) kind.completedBy = this.kind(kind.lookUp.kind);
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

function specsOf(definition: StatisticKind, fields: readonly KindField[]): FieldSpecs {
  const specs: Record<string, FieldSpec> = {
    guild_id: { type: 'snowflake', required: true, description: 'The guild' },
  };
  for (const { name, column, isOptional, words, description } of fields) {
    const { type } = COLUMNS[column];
    specs[name] = { type, required: !isOptional, description: description ?? COLUMNS[column].description, words };
  }
  if (definition.optionalUser) specs.user_id = { ...COLUMNS.user_id, required: false };
  const given = givenIdentity(definition);
  const eventId = definition.isClaimed === true ? CLAIMED_EVENT_ID : EVENT_ID;
  if (given.eventId) specs.event_id = { type: 'uuid', required: false, description: eventId };
  if (given.occurredAt) specs.occurred_at = { ...COLUMNS.occurred_at, required: false };
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
