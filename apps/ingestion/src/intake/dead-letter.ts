import { randomUUID } from 'node:crypto';
import { DEAD_LETTER_HEADERS, derivedEventId, elementMessageId, messageTime } from '#libs/contracts';
import type { EventError } from './event-error.js';
import type { IncomingMessage } from './incoming-message.js';
import { ownText } from './event-type.js';

/** A dead letter: a whole message, or one element of its array. */
export interface DeadLetter {
  content: Buffer;
  /** The routing key of the original message. */
  routingKey: string;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  /** Random if the publisher set none, so that repeated replays are stored once. */
  messageId: string;
  /** AMQP `timestamp`. The time of arrival in milliseconds if the publisher set none. */
  timestamp: number;
  headers: Record<string, string | number>;
}

/** All headers of a message must fit one AMQP frame, or the client throws. */
const MAX_FIELDS_BYTES = 4_096;
const MAX_TEXT_LENGTH = 1_000;
const MAX_SHORT_STRING_BYTES = 255;

/** The whole message, with unchanged bytes. */
export function deadLetterOf(message: IncomingMessage, error: EventError): DeadLetter {
  return {
    content: message.content,
    routingKey: shortText(message.routingKey) ?? '',
    contentType: shortText(message.contentType),
    contentEncoding: shortText(message.contentEncoding),
    messageId: encodableId(message.messageId),
    timestamp: messageTime(message) === undefined ? message.arrivedAt : message.timestamp!,
    headers: headersOf(message, error),
  };
}

/** One element of the message's array, with the identity and time of its event. */
export function deadLetterOfElement(
  message: IncomingMessage,
  element: { index: number; text: string },
  error: EventError,
): DeadLetter {
  return {
    content: Buffer.from(element.text),
    routingKey: shortText(message.routingKey) ?? '',
    contentType: 'application/json',
    contentEncoding: undefined,
    messageId: encodableId(message.messageId && elementMessageId(message.messageId, element.index)),
    timestamp: messageTime(message) ?? message.arrivedAt,
    headers: headersOf(message, error),
  };
}

/** AMQP's short strings hold 255 bytes. Decoding invalid UTF-8 can make a text longer. */
function shortText(text: string | undefined): string | undefined {
  return text !== undefined && Buffer.byteLength(text) <= MAX_SHORT_STRING_BYTES ? text : undefined;
}

/** An id that is too long is replaced by the UUID derived from it, so that a replay is the same event. */
function encodableId(id: string | undefined): string {
  return id === undefined ? randomUUID() : (shortText(id) ?? derivedEventId(id));
}

function headersOf(message: IncomingMessage, error: EventError): Record<string, string | number> {
  const headers: Record<string, string | number> = {
    [DEAD_LETTER_HEADERS.errorName]: error.name,
    [DEAD_LETTER_HEADERS.errorMessage]: ownText(error.message.slice(0, MAX_TEXT_LENGTH)),
    [DEAD_LETTER_HEADERS.originalRoutingKey]: message.routingKey,
    [DEAD_LETTER_HEADERS.diedAt]: new Date().toISOString(),
  };
  if (message.replayCount !== undefined) headers[DEAD_LETTER_HEADERS.replayCount] = message.replayCount;
  if (error.fields.length > 0) headers[DEAD_LETTER_HEADERS.errorFields] = fieldsHeader(error);
  return headers;
}

/** As many field errors as fit, as JSON. */
function fieldsHeader(error: EventError): string {
  for (let count = error.fields.length; count > 0; count--) {
    const text = JSON.stringify(error.fields.slice(0, count));
    if (Buffer.byteLength(text) <= MAX_FIELDS_BYTES) return text;
  }
  return '[]';
}
