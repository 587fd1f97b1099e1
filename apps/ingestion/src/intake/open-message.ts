import { type EventEnvelope } from '#libs/contracts';
import { parseLosslessElements, type JsonObject, type JsonValue } from '#libs/json';
import { deadLetterOf, deadLetterOfElement, type DeadLetter } from './dead-letter.js';
import { EventError } from './event-error.js';
import type { IncomingMessage } from './incoming-message.js';
import { unpackBody } from './unpack-body.js';

/** Arrays hold at most this many events. */
export const MAX_ARRAY_LENGTH = 1_000;

/**
 * To copy the texts of an event takes a fifth of the time of reading it and some 300 bytes, so that is done where the
 * body is larger than this. An array keeps its text in any case: the dead letter of an element is a part of it.
 */
const MAX_KEPT_TEXT_BYTES = 1_024;

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** A message that could be parsed. */
export interface OpenedMessage {
  /** Name of the event, by routing key or pattern. */
  name: string;
  /** Of its events; none is validated yet. */
  bodies: readonly JsonValue[];
  source: EventSource;
  /**
   * Whether events must copy the texts that they keep out of the body's. Else these are views of it, and keep the whole
   * of it alive.
   */
  copiesTexts: boolean;
  /** What the text of the body takes in memory while its events are held; 0 when they copy what they keep of it. */
  textBytes: number;
}

/** Where events came from; what an event keeps of its message until it is acknowledged. */
export class EventSource {
  constructor(
    readonly message: IncomingMessage,
    /** The source text of each element, where the message is an array. */
    private readonly elementText?: (index: number) => string,
  ) {}

  envelope(index: number): EventEnvelope {
    if (this.elementText === undefined) return this.message;
    const { messageId, timestamp, arrivedAt } = this.message;
    return { messageId, timestamp, arrivedAt, index };
  }

  /** The dead letter that this event alone becomes. */
  toDeadLetter(index: number, error: EventError): DeadLetter {
    if (this.elementText === undefined) return deadLetterOf(this.message, error);
    return deadLetterOfElement(this.message, { index, text: this.elementText(index) }, error);
  }
}

/**
 * Unpacks and parses a message, and finds out which event it is.
 *
 * @param isEventName whether there is such an event (in any queue)
 * @throws EventError when the whole message goes to the dead letters
 */
export function openMessage(message: IncomingMessage, isEventName: (name: string) => boolean): OpenedMessage {
  if (message.hasUnreadableProperties) {
    throw new EventError('MalformedMessageError', 'the properties cannot be read: headers are nested too deep');
  }
  const unpacked = unpackBody(message);
  const text = decode(unpacked);
  // Texts beyond ASCII may take two bytes for each of their units.
  const textBytes = text.length === unpacked.length ? text.length : 2 * text.length;
  const { value, elementText } = parse(text);
  const { pattern, data } = unwrap(value);
  const name = resolveName(message.routingKey, pattern, isEventName);
  if (Array.isArray(data)) {
    return { name, bodies: data, source: new EventSource(message, elementText), copiesTexts: false, textBytes };
  }
  const copiesTexts = textBytes > MAX_KEPT_TEXT_BYTES;
  return {
    name,
    bodies: [data],
    source: new EventSource(message),
    copiesTexts,
    textBytes: copiesTexts ? 0 : textBytes,
  };
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

/** Takes NestJS's `{"pattern", "data"}` apart; any other body is the data itself. */
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

function resolveName(routingKey: string, pattern: string | undefined, isEventName: (name: string) => boolean): string {
  const fromKey = isEventName(routingKey) ? routingKey : undefined;
  const fromPattern = pattern !== undefined && isEventName(pattern) ? pattern : undefined;
  if (fromKey !== undefined && fromPattern !== undefined && fromKey !== fromPattern) {
    throw new EventError('UnknownEventError', `the routing key says ${fromKey}, the pattern ${fromPattern}`);
  }
  const name = fromKey ?? fromPattern;
  if (name === undefined) {
    const said = pattern === undefined ? 'names' : `and the pattern "${pattern.slice(0, 100)}" name`;
    throw new EventError('UnknownEventError', `the routing key "${routingKey}" ${said} no event`);
  }
  return name;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
