import fc from 'fast-check';
import { v5 } from 'uuid';
import {
  DISCORD_EPOCH_MS,
  EVENT_ID_NAMESPACE,
  fieldIn,
  fieldsOf,
  givenIdentity,
  hasUser,
  type CompiledKind,
  type FieldColumn,
  type KindField,
} from '#libs/contracts';
import { idText, schemaText } from './field-texts.js';
import { objectText, storableText } from './json-texts.js';

/** A valid event as JSON, and the record that a view must return once it is stored. */
export interface GoodEvent {
  kind: CompiledKind;
  members: [name: string, text: string][];
  text: string;
  record: (envelope: Envelope) => Record<string, unknown>;
}

/** The id and time of a message, for events that have none in the body. */
export interface Envelope {
  messageId: string;
  /** Unix milliseconds. */
  time: number;
  /** The index in an array. */
  index?: number;
}

const DAY_MS = 86_400_000;
/** Views can be read for the last 30 days. */
const OLDEST_MS = 29 * DAY_MS;

/** Unique ids. They are not shrunk, because smaller ones would collide. */
const uuids = fc.noShrink(fc.uuid({ version: 4 }));
const times = fc.noShrink(fc.integer({ min: 60_000, max: OLDEST_MS }));
/** Before every event, up to eight years. */
const longAgo = fc.noShrink(fc.integer({ min: OLDEST_MS, max: 8 * 365 * DAY_MS }));
const snowflakeTails = fc.noShrink(fc.nat(0x3fffff));

/**
 * JSON of a member id. Other requests do not use these ids, because a request may erase its member in every guild. They
 * are too large for exact doubles.
 */
const memberText = fc
  .tuple(fc.bigInt({ min: 7_777_777_777_777_777_000n, max: 7_777_777_777_777_777_999n }), fc.boolean())
  .map(([id, isText]) => (isText ? `"${id}"` : String(id)));

/** JSON of the value, and the value in a record. */
type FieldValue = [text: string, value: unknown];

/** Valid events of a kind that occurred before `now`. Events for a request always have an id and a time. */
export function goodEvents(
  kind: CompiledKind,
  guildId: string,
  { now, isRequest = false }: { now: number; isRequest?: boolean },
): fc.Arbitrary<GoodEvent> {
  const { optionalUser, lookUp } = kind.definition;
  const given = givenIdentity(kind.definition);
  // A field that a look-up can give is always there, because the record would depend on what else is stored.
  const mayLack = (field: string) => lookUp?.fields.includes(field) !== true;
  const own = fieldsOf(kind.definition).map((field): fc.Arbitrary<OwnField> => {
    const { name, isOptional } = field;
    const present = valueOf(kind, field, now).map(([text, value]) => ({ name, text, value }));
    const missing = fc.constantFrom(undefined, 'null').map((text) => ({ name, text, value: null }));
    return isOptional && mayLack(name) ? fc.oneof(present, present, present, missing) : present;
  });
  const user = mayLack('user_id') ? fc.option(memberText) : memberText;
  return fc
    .record({
      own: fc.tuple(...own),
      user: optionalUser ? user : fc.constant(null),
      identity: given.eventId
        ? identities(now, isRequest)
        : given.occurredAt
          ? timesInBody(now)
          : fc.constant(undefined),
      guild: fc.constantFrom(`"${guildId}"`, guildId),
      more: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, moreMembers),
      isReversed: fc.boolean(),
      space: fc.constantFrom('', '', ' ', '\n\t'),
    })
    .map(({ own: values, user: userText, identity, guild, more, isReversed, space }): GoodEvent => {
      const members: [string, string][] = [
        ['guild_id', guild],
        ...values.flatMap(({ name, text }): [string, string][] => (text === undefined ? [] : [[name, text]])),
        ...(userText === null ? [] : [['user_id', userText] as [string, string]]),
        ...(identity?.members ?? []),
        ...more,
      ];
      const stored: Record<string, unknown> = {
        guild_id: guildId,
        ...(hasUser(kind.definition) && { user_id: userText === null ? null : digits(userText) }),
        ...Object.fromEntries(values.map(({ name, value }) => [name, value])),
      };
      const creator = fieldIn(kind.definition, 'user_id');
      if (creator !== undefined) stored.user_id = stored[creator];
      const ordered = isReversed ? members.toReversed() : members;
      return {
        kind,
        members: ordered,
        text: objectText(ordered, space),
        record: (envelope) => ({ ...stored, ...identity?.of(envelope), ...identityIn(kind, stored) }),
      };
    });
}

interface OwnField {
  name: string;
  /** JSON; undefined if the event lacks the field. */
  text: string | undefined;
  /** In the record. */
  value: unknown;
}

function valueOf(kind: CompiledKind, { name, column, words }: KindField, now: number): fc.Arbitrary<FieldValue> {
  const { identifiedBy, measuredSince } = kind.definition;
  if (words !== undefined) return fc.constantFrom(...words).map((word) => [JSON.stringify(word), word]);
  if (name === identifiedBy) return snowflakeValue(times, now);
  if (name === measuredSince) return snowflakeValue(longAgo, now);
  if (column === 'occurred_at') return instants(times, now);
  if (column === 'since') return instants(longAgo, now);
  return fieldValue(column);
}

/** The part of the identity that the fields of the kind determine. */
function identityIn({ definition }: CompiledKind, stored: Record<string, unknown>): Record<string, unknown> {
  const { identifiedBy } = definition;
  if (identifiedBy === undefined) return {};
  if (typeof identifiedBy === 'string') return snowflakeIdentity(stored[identifiedBy] as string);
  const parts = identifiedBy.fields.map((field) => {
    const value = stored[field] as string;
    return value.includes('T') ? Date.parse(value) : value;
  });
  const id = v5(
    [...parts, ...(identifiedBy.suffix === undefined ? [] : [identifiedBy.suffix])].join(':'),
    EVENT_ID_NAMESPACE,
  );
  const time = fieldIn(definition, 'occurred_at');
  return { id, ...(time !== undefined && { timestamp: stored[time] }) };
}

function fieldValue(column: FieldColumn): fc.Arbitrary<FieldValue> {
  switch (column) {
    case 'is_bot':
      return fc.boolean().map((value) => [String(value), value]);
    case 'label':
      return fc
        .tuple(storableText, fc.boolean())
        .map(([value, isEscaped]) => [isEscaped ? escaped(value) : JSON.stringify(value), value]);
    case 'value':
      return delays;
    case 'user_id':
      return memberText.map((text) => [text, digits(text)]);
    default:
      return idText.map((text) => [text, digits(text)]);
  }
}

const delays: fc.Arbitrary<FieldValue> = fc
  .oneof(
    fc.constantFrom('0', '-0', '0.0', '1e3', '5.0', '86400000', '86400000.0', '8.64E+7', '0.0004', '0.0005', '1e-400'),
    fc.integer({ min: 0, max: 86_400_000 }).map(String),
    fc.double({ min: 0, max: 86_400_000, noNaN: true }).map(String),
  )
  // Records have microseconds, and no -0.
  .map((text) => [text, Math.round(Number(text) * 1000) / 1000 + 0]);

/** The time in Unix milliseconds or ISO 8601. */
function instants(ages: fc.Arbitrary<number>, now: number): fc.Arbitrary<FieldValue> {
  return fc.tuple(ages, fc.boolean()).map(([ago, isText]) => {
    const iso = new Date(now - ago).toISOString();
    return [isText ? `"${iso}"` : String(now - ago), iso];
  });
}

/** A snowflake of an age in milliseconds. */
function snowflakeValue(ages: fc.Arbitrary<number>, now: number): fc.Arbitrary<FieldValue> {
  return fc.tuple(ages, snowflakeTails, fc.boolean()).map(([ago, tail, isText]) => {
    const id = String((BigInt(now - ago - DISCORD_EPOCH_MS) << 22n) | BigInt(tail));
    return [isText ? `"${id}"` : id, id];
  });
}

function snowflakeIdentity(id: string) {
  const timestamp = new Date(Number(BigInt(id) >> 22n) + DISCORD_EPOCH_MS).toISOString();
  return { id: v5(id, EVENT_ID_NAMESPACE), timestamp };
}

interface Identity {
  members: [string, string][];
  of: (envelope: Envelope) => { id: string; timestamp: string };
}

/** All ways in which an event can have its id and its time. */
function identities(now: number, isRequest: boolean): fc.Arbitrary<Identity> {
  const inBody = fc.tuple(uuids, times, fc.nat(3)).map(([id, ago, way]): Identity => {
    const at = now - ago;
    const iso = new Date(at).toISOString();
    const time = [`"${iso}"`, String(at), `${at}.75`, `"${iso.slice(0, -1)}999+00:00"`][way]!;
    const members: [string, string][] = [
      ['event_id', `"${way === 0 ? id.toUpperCase() : id}"`],
      ['occurred_at', time],
    ];
    return { members, of: () => ({ id, timestamp: iso }) };
  });
  const inId = fc.tuple(uuids, times).map(([random, ago]): Identity => {
    const at = now - ago;
    const hex = at.toString(16).padStart(12, '0');
    const id = `${hex.slice(0, 8)}-${hex.slice(8)}-7${random.slice(15)}`;
    return { members: [['event_id', `"${id}"`]], of: () => ({ id, timestamp: new Date(at).toISOString() }) };
  });
  if (isRequest) return fc.oneof(inBody, inId);
  const inMessage = fc.constant<Identity>({
    members: [],
    of: (envelope) => ({ id: idFrom(envelope), timestamp: new Date(envelope.time).toISOString() }),
  });
  return fc.oneof(inBody, inId, timesInBody(now), inMessage);
}

function timesInBody(now: number): fc.Arbitrary<Identity> {
  return times.map((ago) => {
    const timestamp = new Date(now - ago).toISOString();
    return { members: [['occurred_at', `"${timestamp}"`]], of: (envelope) => ({ id: idFrom(envelope), timestamp }) };
  });
}

function idFrom({ messageId, index }: Envelope): string {
  if (index !== undefined) return v5(`${messageId}#${index}`, EVENT_ID_NAMESPACE);
  const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(messageId);
  return isUuid ? messageId.toLowerCase() : v5(messageId, EVENT_ID_NAMESPACE);
}

/** Unknown members, which are ignored. */
const moreMembers: fc.Arbitrary<[string, string][]> = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom(
      'more',
      'constructor',
      'toString',
      'length',
      '',
      'Guild_id',
      'guild_id ',
      '\u0000',
      '\ud800',
      'é',
      '0',
    ),
    fc.oneof(
      fc.constantFrom(
        '1e400',
        '{"a":[{}]}',
        '"\\ud800\\u0000"',
        `1${'0'.repeat(60)}`,
        `${'['.repeat(60)}${']'.repeat(60)}`,
      ),
      schemaText({ type: 'boolean' }, 0),
    ),
  ),
  { selector: ([name]) => name, minLength: 1, maxLength: 3 },
);

/** JSON of a text with every UTF-16 unit escaped. */
function escaped(text: string): string {
  return `"${text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')}"`;
}

function digits(idJson: string): string {
  return idJson.replaceAll('"', '');
}
