import { judgeTime } from '#libs/contracts';
import type { DeadLetter } from './dead-letter.js';
import { EventError } from './event-error.js';
import { refuseMessage, type DroppedEvent, type EventResult } from './event-result.js';
import type { EventType } from './event-type.js';
import type { IncomingMessage } from './incoming-message.js';
import { openMessage, type OpenedMessage } from './open-message.js';

/** A message that was decoded into its events. */
export interface DecodedMessage {
  /** One result for each event, in order, or one for the whole message if it cannot be decoded. */
  results: EventResult[];
  /** The number of results that are `ok`. */
  received: number;
  /** The number of dead letters. */
  refused: number;
  /** The number of events that a second delivery would store again, because they have no id or time. */
  unrepeatable: number;
  /** The number of events that it counts as in a batch; at least 1. */
  weight: number;
  /** The approximate memory in addition to the delivered bytes, in bytes. */
  bytes: number;
}

export interface MessageDecoderOptions {
  /** By name. */
  types: ReadonlyMap<string, EventType>;
  /** Older events are dropped. In days. */
  retentionDays: number;
}

/** The memory of an event or a dead letter. */
const BYTES_PER_EVENT = 1_000;
const TOO_OLD: DroppedEvent = { status: 'drop', reason: 'too_old' };

/**
 * Decodes messages into events: decompresses, parses, validates and identifies them, and checks their time. Has no side
 * effects.
 */
export class MessageDecoder {
  constructor(private readonly options: MessageDecoderOptions) {}

  /** Never throws. What cannot be decoded becomes a dead letter. */
  decode(message: IncomingMessage): DecodedMessage {
    const decoded: DecodedMessage = { results: [], received: 0, refused: 0, unrepeatable: 0, weight: 0, bytes: 0 };
    try {
      this.decodeEvents(message, decoded);
    } catch (error) {
      const known = error instanceof EventError ? error : new EventError('UnexpectedError', (error as Error).message);
      const refusal = refuseMessage(message, known);
      Object.assign(decoded, { results: [refusal], received: 0, refused: 1, unrepeatable: 0 });
      decoded.bytes = letterBytes(refusal.letter, message);
    }
    decoded.weight = Math.max(1, decoded.received + decoded.refused);
    decoded.bytes += decoded.weight * BYTES_PER_EVENT;
    return decoded;
  }

  private decodeEvents(message: IncomingMessage, into: DecodedMessage): void {
    const opened = openMessage(message, this.options.types);
    const { bodies } = opened;
    const { type } = opened.source;
    if (type.queue !== message.queue) {
      throw new EventError('UnknownEventError', `${type.name} does not belong to ${message.queue}`);
    }
    // Preallocated, because V8 reserves 17 elements when an empty array grows.
    into.results = new Array<EventResult>(bodies.length);
    for (let index = 0; index < bodies.length; index++) {
      const result = this.decodeEvent(opened, index, into);
      into.results[index] = result;
      if (result.status === 'ok') {
        into.received++;
      } else if (result.status === 'dead letter') {
        into.refused++;
        into.bytes += letterBytes(result.letter, message);
      }
    }
    if (into.received > 0) into.bytes += opened.textBytes;
  }

  private decodeEvent(opened: OpenedMessage, index: number, into: DecodedMessage): EventResult {
    const { bodies, source, copiesTexts } = opened;
    const { type } = source;
    const read = type.read(bodies[index]);
    if (!read.ok) return source.refuse(index, EventError.invalid(read.fields));
    const envelope = source.envelope(index);
    const identity = type.identify(read.value, envelope);
    const verdict = judgeTime(identity.occurredAt, envelope.arrivedAt, this.options.retentionDays);
    if (verdict === 'too old') return TOO_OLD;
    if (verdict === 'in the future') {
      return source.refuse(index, EventError.inFuture(identity.occurredAt, identity.timeFrom));
    }
    const event = type.toEvent(read.value, identity, copiesTexts);
    if (!identity.repeatable) into.unrepeatable++;
    if (type.extraBytes !== undefined) into.bytes += type.extraBytes(event);
    return { status: 'ok', event, source, index };
  }
}

/** The memory of a dead letter in addition to its message: its headers, and its body if it differs. */
function letterBytes({ content, headers }: DeadLetter, message: IncomingMessage): number {
  let bytes = content === message.content ? 0 : content.length;
  for (const value of Object.values(headers)) bytes += String(value).length;
  return bytes;
}
