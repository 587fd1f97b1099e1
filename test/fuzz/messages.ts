import { gzipSync } from 'node:zlib';
import type { Options } from 'amqplib';
import fc from 'fast-check';
import { GUILD_EVENTS, QUEUES, StatisticsContract, type CompiledKind, type GuildEventName } from '#libs/contracts';
import { fieldsOfEvent, type EventField } from './bad-fields.js';
import { schemaText } from './field-texts.js';
import { goodEvents, type Envelope, type GoodEvent } from './good-events.js';
import { EMPTY_GUILDS, KEPT_GUILDS, WILD_GUILDS } from './guilds.js';
import { brokenUtf8, mangled, objectText } from './json-texts.js';
import { messageProperties, type MessageProperties } from './message-properties.js';

/** The expected outcome of a message, or of one element of its array. */
export type Outcome =
  | { is: 'stored'; kind: CompiledKind; record: Record<string, unknown> }
  | { is: 'dead'; content: Buffer; errors?: readonly string[]; field?: string }
  /** Acknowledged but not stored: switched off, too old, or not a statistic. */
  | { is: 'dropped' }
  /** Any of these, because the text was changed at random. */
  | { is: 'open'; content: Buffer };

export interface FuzzMessage {
  /** Whether to publish to the exchange, or directly to the queue. */
  exchange: boolean;
  /** The routing key, or the name of the queue. */
  routingKey: string;
  content: Buffer;
  properties: Options.Publish;
  outcomes: Outcome[];
}

/** An event as JSON, and its expected outcome. */
interface Element {
  text: string;
  outcome: (envelope: Envelope) => Outcome;
}

const CONTRACT = new StatisticsContract();
const KINDS = CONTRACT.kinds.map(({ name }) => name);
export const EVENT_NAMES = [...KINDS, ...Object.keys(GUILD_EVENTS)];
const DAY_MS = 86_400_000;
const MAX_BODY_BYTES = 1_048_576;
const MALFORMED = ['MalformedMessageError'];

/** Valid and invalid messages with the name of this event. */
export function messagesOf(name: string, now: number): fc.Arbitrary<FuzzMessage> {
  const element = elementsOf(name, now);
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(element, fc.boolean(), ways(name))
        .chain(([one, isPacket, way]) => single(name, one, isPacket, way, now)),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.array(element, { maxLength: 8 }), messageProperties(now))
        .map(([elements, properties]) => array(name, elements, properties)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(wildText(name, now), messageProperties(now))
        .map(([text, properties]) => open(name, text, properties)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(malformed(name, now), messageProperties(now))
        .map(([body, properties]) => refused(name, body, properties)),
    },
  );
}

/** Messages without the name of an event, or with an event of another queue. */
export function strayMessages(queue: string, now: number): fc.Arbitrary<FuzzMessage> {
  const keys = fc.constantFrom(
    '',
    '#',
    '*',
    'message',
    'message.sent.x',
    'Message.sent',
    'star.exploded',
    '__proto__',
    'é'.repeat(100),
    ...Object.values(QUEUES),
  );
  const foreign = EVENT_NAMES.filter((name) => queueOf(name) !== queue);
  const event = validText(EVENT_NAMES[0]!, now);
  const plain = messageProperties(now).map(({ properties }) => ({ ...properties, contentEncoding: undefined }));
  const unroutable = fc.tuple(keys, event, plain).map(([routingKey, text, properties]) =>
    message({
      exchange: true,
      routingKey,
      content: Buffer.from(text),
      properties,
      outcomes: [dead(Buffer.from(text))],
    }),
  );
  const unnamed = fc.tuple(event, plain).map(([text, properties]) =>
    message({
      exchange: false,
      routingKey: queue,
      content: Buffer.from(text),
      properties,
      outcomes: [dead(Buffer.from(text), ['UnknownEventError'])],
    }),
  );
  const misplaced = fc.constantFrom(...foreign).chain((name) =>
    fc.tuple(validText(name, now), plain).map(([text, properties]) => {
      const content = Buffer.from(packet(name, text));
      return message({
        exchange: false,
        routingKey: queue,
        content,
        properties,
        outcomes: [dead(content, ['UnknownEventError'])],
      });
    }),
  );
  const noise = fc.tuple(fc.uint8Array({ maxLength: 300 }), plain).map(([bytes, properties]) => {
    const content = Buffer.from(bytes);
    return message({
      exchange: false,
      routingKey: queue,
      content,
      properties,
      outcomes: [dead(content, ['MalformedMessageError', 'UnknownEventError'])],
    });
  });
  return fc.oneof(unroutable, unnamed, misplaced, noise);
}

function elementsOf(name: string, now: number): fc.Arbitrary<Element> {
  const kind = CONTRACT.kind(name);
  const fields = fieldsOfEvent(CONTRACT, name);
  const wrong = fc
    .constantFrom(...fields.filter((field) => field.wrong.length > 0 || field.required))
    .chain((field) => fc.tuple(fc.constant(field), wrongText(field), validMembers(name, now, KEPT_GUILDS[0]!)))
    .map(([{ name: field }, text, members]): Element => {
      const others = members.filter(([other]) => other !== field);
      const body = objectText(text === undefined ? others : [...others, [field, text]]);
      return { text: body, outcome: () => dead(Buffer.from(body), ['InvalidEventError'], field) };
    });
  const noObject = fc
    .constantFrom('null', 'true', '0', '5.0', '1e3', '""', '"{}"', '[]', '[[]]')
    .map((text): Element => ({ text, outcome: () => dead(Buffer.from(text), ['InvalidEventError']) }));
  const faulty: fc.WeightedArbitrary<Element>[] = [
    { weight: 3, arbitrary: wrong },
    { weight: 1, arbitrary: noObject },
  ];
  if (kind === undefined)
    return fc.oneof(
      {
        weight: 4,
        arbitrary: validText(name, now).map((text): Element => ({ text, outcome: () => ({ is: 'dropped' }) })),
      },
      ...faulty,
    );
  const good = fc.constantFrom(...KEPT_GUILDS).chain((guild) => goodEvents(kind, guild, { now }));
  const unwanted = fc.constantFrom(...EMPTY_GUILDS).chain((guild) => goodEvents(kind, guild, { now }));
  const stored = ({ text, record }: GoodEvent): Element => ({
    text,
    outcome: (envelope) => ({ is: 'stored', kind, record: record(envelope) }),
  });
  return fc.oneof(
    { weight: 8, arbitrary: good.map(stored) },
    { weight: 1, arbitrary: unwanted.map(({ text }): Element => ({ text, outcome: () => ({ is: 'dropped' }) })) },
    ...(kind.definition.identifiedBy === undefined ? [{ weight: 1, arbitrary: ofOtherTimes(name, now) }] : []),
    ...faulty,
  );
}

/** Events with a time in the future or before the retention. */
function ofOtherTimes(name: string, now: number): fc.Arbitrary<Element> {
  return fc
    .tuple(validMembers(name, now, KEPT_GUILDS[0]!), fc.integer({ min: 1, max: 5_000 }), fc.boolean())
    .map(([members, days, isFuture]) => {
      const time = isFuture ? now + days * DAY_MS : now - (63 + days) * DAY_MS;
      const others = members.filter(([field]) => field !== 'occurred_at');
      const text = objectText([...others, ['occurred_at', `"${new Date(time).toISOString()}"`]]);
      return {
        text,
        outcome: () => (isFuture ? dead(Buffer.from(text), ['FutureEventError'], 'occurred_at') : { is: 'dropped' }),
      };
    });
}

/** The event is named by the routing key, by the packet, or by both. */
function ways(name: string): fc.Arbitrary<{ exchange: boolean; routingKey: string }> {
  return fc.constantFrom({ exchange: true, routingKey: name }, { exchange: false, routingKey: queueOf(name) });
}

function single(
  name: string,
  element: Element,
  isPacket: boolean,
  way: { exchange: boolean; routingKey: string },
  now: number,
): fc.Arbitrary<FuzzMessage> {
  // If the routing key does not name the event, the packet has to.
  const hasPattern = isPacket || !way.exchange;
  // Without a packet, the body would be an array of events.
  const isArray = element.text.startsWith('[');
  if (isArray && !hasPattern) return single(name, element, true, way, now);
  return messageProperties(now).map(({ envelope, properties, isCompressed }) => {
    const plain = Buffer.from(hasPattern ? packet(name, element.text) : element.text);
    const content = isCompressed ? gzipSync(plain) : plain;
    const outcome = element.outcome(envelope);
    const whole: Outcome =
      outcome.is === 'dead' ? { ...outcome, content, ...(isArray && { errors: MALFORMED }) } : outcome;
    return message({ ...way, content, properties, outcomes: [whole] });
  });
}

function array(
  name: string,
  elements: readonly Element[],
  { envelope, properties, isCompressed }: MessageProperties,
): FuzzMessage {
  const plain = Buffer.from(`[${elements.map(({ text }) => text).join(' ,')}]`);
  const outcomes = elements.map(({ outcome }, index) => outcome({ ...envelope, index }));
  return message({
    exchange: true,
    routingKey: name,
    content: isCompressed ? gzipSync(plain) : plain,
    properties,
    outcomes,
  });
}

function open(name: string, text: string, { properties }: MessageProperties): FuzzMessage {
  const content = Buffer.from(text);
  return message({ exchange: true, routingKey: name, content, properties, outcomes: [{ is: 'open', content }] });
}

interface RefusedBody {
  content: Buffer;
  contentEncoding?: string;
  errors: readonly string[];
}

function refused(
  name: string,
  { content, contentEncoding, errors }: RefusedBody,
  { properties }: MessageProperties,
): FuzzMessage {
  return message({
    exchange: true,
    routingKey: name,
    content,
    properties: { ...properties, contentEncoding },
    outcomes: [dead(content, errors)],
  });
}

/** Bodies that cannot be read, or that contradict the message. They are refused as a whole, even arrays. */
function malformed(name: string, now: number): fc.Arbitrary<RefusedBody> {
  const text = validText(name, now);
  const body = (content: Buffer, errors = MALFORMED, contentEncoding?: string): RefusedBody => ({
    content,
    contentEncoding,
    errors,
  });
  const other = EVENT_NAMES.find((event) => event !== name)!;
  return fc.oneof(
    brokenUtf8(text).map((bytes) => body(bytes)),
    text.map((json) => body(Buffer.from(json.slice(0, -1)))),
    text.map((json) => body(Buffer.from(`${json},`))),
    text.map((json) => body(Buffer.from(`[${json},{"a":1,"a":2}]`))),
    text.map((json) => body(Buffer.from(`[${json},{"__proto__":1}]`))),
    text.map((json) => body(Buffer.from(`[${json},${'['.repeat(64)}${']'.repeat(64)}]`))),
    text.map((json) => body(Buffer.from(packet(name, `[${json}]`)))),
    text.map((json) => body(Buffer.from(packet(other, json)), ['UnknownEventError'])),
    fc.tuple(text, fc.nat(40)).map(([json, cut]) => body(gzipSync(json).subarray(0, -1 - cut), MALFORMED, 'gzip')),
    text.map((json) => body(Buffer.from(json), MALFORMED, 'gzip')),
    fc
      .tuple(text, fc.constantFrom('deflate', 'br', 'GZIP', 'x', 'é'.repeat(100)))
      .map(([json, encoding]) => body(Buffer.from(json), MALFORMED, encoding)),
    fc.constantFrom(...BOMBS).map((bomb) => body(bomb, MALFORMED, 'gzip')),
    fc
      .constantFrom(Buffer.alloc(0), Buffer.alloc(MAX_BODY_BYTES + 1, ' '), Buffer.from(`[${'{},'.repeat(1_000)}{}]`))
      .map((bytes) => body(bytes)),
  );
}

/** Bodies that are too large after decompression, or compressed twice. */
const BOMBS = [
  gzipSync(Buffer.alloc(2 * MAX_BODY_BYTES, ' ')),
  gzipSync(Buffer.alloc(MAX_BODY_BYTES + 1, '1')),
  gzipSync(gzipSync('{}')),
];

/** An event of a wild guild with a few random edits. Never an array. */
function wildText(name: string, now: number): fc.Arbitrary<string> {
  const text = fc
    .constantFrom(...WILD_GUILDS)
    .chain((guild) => validMembers(name, now, guild))
    .map((members) => objectText(members));
  return mangled(text).filter((json) => !json.trimStart().startsWith('['));
}

function validText(name: string, now: number): fc.Arbitrary<string> {
  return validMembers(name, now, GUILD_ERASING.has(name) ? WILD_GUILDS[0]! : KEPT_GUILDS[0]!).map((members) =>
    objectText(members),
  );
}

const GUILD_ERASING = new Set(['guild.deleted']);

function validMembers(name: string, now: number, guildId: string): fc.Arbitrary<[string, string][]> {
  const kind = CONTRACT.kind(name);
  if (kind !== undefined) return goodEvents(kind, guildId, { now }).map(({ members }) => members);
  const members = fieldsOfEvent(CONTRACT, name).map(({ name: field, required, schema }) => {
    const text = field === 'guild_id' ? fc.constant(`"${guildId}"`) : schemaText(schema, now);
    return fc
      .tuple(required || field === 'guild_id' ? fc.constant(true) : fc.boolean(), text)
      .map(([isThere, value]): [string, string][] => (isThere ? [[field, value]] : []));
  });
  return fc.tuple(...members).map((all) => all.flat());
}

/** Undefined if the field is missing. */
function wrongText({ wrong, required }: EventField): fc.Arbitrary<string | undefined> {
  const texts: (string | undefined)[] = required ? [...wrong, undefined] : [...wrong];
  return fc.constantFrom(...texts);
}

function queueOf(name: string): string {
  return GUILD_EVENTS[name as GuildEventName]?.queue ?? QUEUES.statistics;
}

function packet(pattern: string, data: string): string {
  return `{"pattern":${JSON.stringify(pattern)},"data":${data}}`;
}

function dead(content: Buffer, errors?: readonly string[], field?: string): Outcome {
  return { is: 'dead', content, errors, field };
}

function message(of: FuzzMessage): FuzzMessage {
  return { ...of, [fc.toStringMethod]: () => describeMessage(of) } as FuzzMessage;
}

/** Describes a message so that it can be published again. */
function describeMessage({ exchange, routingKey, content, properties, outcomes }: FuzzMessage): string {
  const text = content.toString();
  const shown = Buffer.from(text).equals(content) ? JSON.stringify(text) : `base64 ${content.toString('base64')}`;
  const body = shown.length <= 20_000 ? shown : `${shown.slice(0, 200)}… (${content.length} bytes)`;
  const where = exchange ? 'to the exchange with the key' : 'to the queue';
  return `${where} ${JSON.stringify(routingKey)}\n  ${JSON.stringify(properties)}\n  ${body}\n  must be ${outcomes.map(({ is }) => is).join()}`;
}
