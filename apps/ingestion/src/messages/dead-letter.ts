import { DEAD_LETTER_HEADERS, elementMessageId, messageTime } from '#libs/contracts';
import type { EventError } from './event-error.js';
import type { IncomingMessage } from './incoming-message.js';

/** What goes to the dead letters: a message as it came, or one element of its array. */
export interface DeadLetter {
  content: Buffer;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  messageId: string | undefined;
  /** AMQP `timestamp`; in milliseconds where the publisher gave none. */
  timestamp: number;
  headers: Record<string, string>;
}

/** All headers of a message must fit one AMQP frame, or the client throws. */
const MAX_FIELDS_BYTES = 4_096;
const MAX_TEXT_LENGTH = 1_000;

/** The whole message, its bytes untouched. */
export function deadLetterOf(message: IncomingMessage, error: EventError): DeadLetter {
  return {
    content: message.content,
    contentType: message.contentType,
    contentEncoding: message.contentEncoding,
    messageId: message.messageId,
    timestamp: message.timestamp ?? message.arrivedAt,
    headers: headersOf(message, error),
  };
}

/** One element of the message's array, with the identity and time it would have had. */
export function deadLetterOfElement(
  message: IncomingMessage,
  element: { index: number; text: string },
  error: EventError,
): DeadLetter {
  return {
    content: Buffer.from(element.text),
    contentType: 'application/json',
    contentEncoding: undefined,
    messageId: message.messageId && elementMessageId(message.messageId, element.index),
    timestamp: messageTime(message) ?? message.arrivedAt,
    headers: headersOf(message, error),
  };
}

function headersOf(message: IncomingMessage, error: EventError): Record<string, string> {
  const headers: Record<string, string> = {
    [DEAD_LETTER_HEADERS.errorName]: error.name,
    [DEAD_LETTER_HEADERS.errorMessage]: error.message.slice(0, MAX_TEXT_LENGTH),
    [DEAD_LETTER_HEADERS.originalRoutingKey]: message.routingKey,
  };
  if (error.fields.length > 0) headers[DEAD_LETTER_HEADERS.errorFields] = fieldsHeader(error);
  return headers;
}

/** As many of the wrong fields as fit, as JSON. */
function fieldsHeader(error: EventError): string {
  for (let count = error.fields.length; count > 0; count--) {
    const text = JSON.stringify(error.fields.slice(0, count));
    if (Buffer.byteLength(text) <= MAX_FIELDS_BYTES) return text;
  }
  return '[]';
}
