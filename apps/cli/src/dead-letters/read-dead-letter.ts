import type { ConsumeMessage } from 'amqplib';
import { unpackBody } from '#libs/broker';
import { CATALOGUE, DEAD_LETTER_HEADERS, EVENTS_EXCHANGE, GUILD_EVENTS, parseSnowflake, QUEUES } from '#libs/contracts';
import { parseLosslessJson, type JsonObject, type JsonValue } from '#libs/json';

/** The properties of a dead letter, under the names of `list --json`. Null if unknown. */
export interface DeadLetterFacts {
  message_id: string | null;
  kind: string | null;
  guild_id: string | null;
  /** Null if the broker dead-lettered the message. */
  error_name: string | null;
  error_message: string | null;
  error_fields: unknown[] | null;
  /** ISO 8601. */
  died_at: string | null;
  /** 1 plus the number of replays. */
  attempts: number;
  /** The size of the body, as it was sent. */
  bytes: number;
}

/** An entry of RabbitMQ's header `x-death`. */
interface Death {
  reason?: string;
  queue?: string;
  /** Unix seconds. */
  time?: { value?: number };
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const QUEUE_NAMES: ReadonlySet<string> = new Set(Object.values(QUEUES));

export function readDeadLetter(letter: ConsumeMessage): DeadLetterFacts {
  const { body, pattern } = openBody(letter);
  return {
    message_id: textOf(letter.properties.messageId) ?? null,
    kind: kindOf(originalRoutingKey(letter), pattern) ?? null,
    guild_id: guildOf(body) ?? null,
    error_name: headerText(letter, DEAD_LETTER_HEADERS.errorName) ?? null,
    error_message: headerText(letter, DEAD_LETTER_HEADERS.errorMessage) ?? brokersReason(letter) ?? null,
    error_fields: errorFields(letter),
    died_at: diedAt(letter) ?? null,
    attempts: replayCount(letter) + 1,
    bytes: letter.content.length,
  };
}

/** The number of replays. */
export function replayCount({ properties }: ConsumeMessage): number {
  const count: unknown = properties.headers?.[DEAD_LETTER_HEADERS.replayCount];
  return Number.isSafeInteger(count) && (count as number) > 0 ? (count as number) : 0;
}

/**
 * The routing key for a replay. A message that was sent directly to a queue has the name of the queue as routing key;
 * the exchange of events needs the kind that its body names.
 */
export function replayRoutingKey(letter: ConsumeMessage): string {
  const key = originalRoutingKey(letter);
  return QUEUE_NAMES.has(key) ? (openBody(letter).pattern ?? key) : key;
}

function originalRoutingKey(letter: ConsumeMessage): string {
  return headerText(letter, DEAD_LETTER_HEADERS.originalRoutingKey) ?? letter.fields.routingKey;
}

function kindOf(routingKey: string, pattern: string | undefined): string | undefined {
  if (Object.hasOwn(CATALOGUE, routingKey) || Object.hasOwn(GUILD_EVENTS, routingKey)) return routingKey;
  return pattern ?? (QUEUE_NAMES.has(routingKey) ? undefined : textOf(routingKey));
}

/** Reads NestJS's `{"pattern", "data"}`; any other body is the data itself. Empty if it cannot be parsed. */
function openBody({ content, properties }: ConsumeMessage): { body?: JsonValue; pattern?: string } {
  let body: JsonValue;
  try {
    const unpacked = unpackBody({ content, contentEncoding: textOf(properties.contentEncoding) });
    body = parseLosslessJson(UTF_8.decode(unpacked));
  } catch {
    return {};
  }
  if (!isObject(body) || typeof body.pattern !== 'string' || !Object.hasOwn(body, 'data')) return { body };
  return { body: body.data, pattern: body.pattern };
}

/** For an array, the guild of all its events; undefined if they have different guilds. */
function guildOf(body: JsonValue | undefined): string | undefined {
  const events = Array.isArray(body) ? body : [body];
  const guilds = new Set(events.map((event) => (isObject(event) ? parseSnowflake(event.guild_id) : undefined)));
  return guilds.size === 1 ? [...guilds][0] : undefined;
}

/** Why RabbitMQ dead-lettered the message. */
function brokersReason(letter: ConsumeMessage): string | undefined {
  const death = lastDeath(letter);
  if (death !== undefined) return `RabbitMQ has moved it here from ${death.queue}: ${death.reason}`;
  if (letter.fields.exchange !== EVENTS_EXCHANGE) return undefined;
  return `no queue takes the routing key "${letter.fields.routingKey}"`;
}

function errorFields(letter: ConsumeMessage): unknown[] | null {
  try {
    const fields: unknown = JSON.parse(headerText(letter, DEAD_LETTER_HEADERS.errorFields) ?? 'null');
    return Array.isArray(fields) ? fields : null;
  } catch {
    return null;
  }
}

function diedAt(letter: ConsumeMessage): string | undefined {
  const seconds = lastDeath(letter)?.time?.value;
  const time = new Date(headerText(letter, DEAD_LETTER_HEADERS.diedAt) ?? (seconds ?? NaN) * 1000);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function lastDeath({ properties }: ConsumeMessage): Death | undefined {
  const deaths: unknown = properties.headers?.['x-death'];
  return Array.isArray(deaths) ? (deaths[0] as Death) : undefined;
}

function headerText({ properties }: ConsumeMessage, name: string): string | undefined {
  return textOf(properties.headers?.[name]);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
