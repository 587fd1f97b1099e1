import { unpackBody } from '#libs/broker';
import { MAX_ARRAY_LENGTH } from '#libs/contracts';
import { parseLosslessElements, type JsonObject, type JsonValue } from '#libs/json';
import { EventError } from './event-error.js';
import { EventSource } from './event-result.js';
import type { EventType } from './event-type.js';
import type { IncomingMessage } from './incoming-message.js';

/**
 * Events copy their texts if the body is larger than this. Copying takes a fifth of the time of reading an event, and
 * about 300 bytes. An array always keeps its body, because the dead letter of an element is a part of it.
 */
const MAX_KEPT_TEXT_BYTES = 1_024;

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** A parsed message. */
export interface OpenedMessage {
  /** The bodies of its events, not validated yet. */
  bodies: readonly JsonValue[];
  source: EventSource;
  /**
   * Whether events must copy their texts. Otherwise the texts are views that keep the whole body in memory.
   */
  copiesTexts: boolean;
  /** The memory of the body's text while its events are held. 0 if the events copy their texts. */
  textBytes: number;
}

/**
 * Decompresses and parses a message, and finds its event type.
 *
 * @param types all event types by name, including those of other queues
 * @throws EventError if the whole message has to be dead-lettered
 */
export function openMessage(message: IncomingMessage, types: ReadonlyMap<string, EventType>): OpenedMessage {
  if (message.hasUnreadableProperties) {
    throw new EventError('MalformedMessageError', 'the properties cannot be read: headers are nested too deeply');
  }
  const unpacked = unpack(message);
  const text = decode(unpacked);
  // Texts beyond ASCII may take two bytes for each UTF-16 unit.
  const textBytes = text.length === unpacked.length ? text.length : 2 * text.length;
  const { value, elementText } = parse(text);
  const { pattern, data } = unwrap(value);
  const type = typeOf(message.routingKey, pattern, types);
  if (Array.isArray(data)) {
    return { bodies: data, source: new EventSource(type, message, elementText), copiesTexts: false, textBytes };
  }
  const copiesTexts = textBytes > MAX_KEPT_TEXT_BYTES;
  return {
    bodies: [data],
    source: new EventSource(type, message),
    copiesTexts,
    textBytes: copiesTexts ? 0 : textBytes,
  };
}

function unpack(message: IncomingMessage): Buffer {
  try {
    return unpackBody(message);
  } catch (error) {
    throw new EventError('MalformedMessageError', (error as Error).message);
  }
}

function decode(content: Buffer): string {
  try {
    return UTF_8.decode(content);
  } catch {
    throw new EventError('MalformedMessageError', 'the body is not valid UTF-8');
  }
}

function parse(text: string): ReturnType<typeof parseLosslessElements> {
  try {
    return parseLosslessElements(text, MAX_ARRAY_LENGTH);
  } catch (error) {
    throw new EventError('MalformedMessageError', `the body cannot be read as JSON: ${(error as Error).message}`);
  }
}

/** Unwraps NestJS's `{"pattern", "data"}`. Any other body is the data itself. */
function unwrap(value: JsonValue): { pattern?: string; data: JsonValue } {
  if (!isObject(value) || typeof value.pattern !== 'string' || !Object.hasOwn(value, 'data')) return { data: value };
  if (Array.isArray(value.data)) {
    throw new EventError(
      'MalformedMessageError',
      '"data" must be one event; an array of events is published as the body itself',
    );
  }
  return { pattern: value.pattern, data: value.data! };
}

function typeOf(routingKey: string, pattern: string | undefined, types: ReadonlyMap<string, EventType>): EventType {
  const byKey = types.get(routingKey);
  const byPattern = pattern === undefined ? undefined : types.get(pattern);
  if (byKey !== undefined && byPattern !== undefined && byKey !== byPattern) {
    throw new EventError('UnknownEventError', `the routing key says ${byKey.name}, the pattern ${byPattern.name}`);
  }
  const type = byKey ?? byPattern;
  if (type === undefined) {
    const verb = pattern === undefined ? 'names' : `and the pattern "${pattern.slice(0, 100)}" name`;
    throw new EventError('UnknownEventError', `the routing key "${routingKey}" ${verb} no event`);
  }
  return type;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
