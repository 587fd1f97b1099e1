import { judgeTime } from '#libs/contracts';
import type { DeadLetter } from './dead-letter.js';
import { EventError } from './event-error.js';
import { refuseMessage, type DroppedEvent, type EventResult } from './event-result.js';
import type { EventType } from './event-type.js';
import type { IncomingMessage } from './incoming-message.js';
import { openMessage, type OpenedMessage } from './open-message.js';

/** A message, taken apart into its events. */
export interface DecodedMessage {
  /** Of each of its events, in order; of the whole message, where that cannot be decoded. */
  results: EventResult[];
  /** Of the results, how many are `ok`. */
  received: number;
  /** How many are dead letters. */
  refused: number;
  /** Events that a second delivery would store again: nothing in them or their message says which they are. */
  unrepeatable: number;
  /** How many events it counts for in a batch; at least 1. */
  weight: number;
  /** What it takes in memory beside the bytes it came as, roughly, in bytes. */
  bytes: number;
}

export interface MessageDecoderOptions {
  /** By name. */
  types: ReadonlyMap<string, EventType>;
  /** What is older is dropped, in days. */
  retentionDays: number;
}

/** Of an event or a dead letter in memory. */
const BYTES_PER_EVENT = 1_000;
const TOO_OLD: DroppedEvent = { status: 'drop', reason: 'too_old' };

/** Turns messages into events: unpack, parse, validate, identify, judge the time. Has no side effects. */
export class MessageDecoder {
  constructor(private readonly options: MessageDecoderOptions) {}

  /** Never throws: what cannot be decoded is a dead letter. */
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
      throw new EventError('UnknownEventError', `${type.name} does not belong into ${message.queue}`);
    }
    // Of the right length: an array that has grown keeps 17 places for one event.
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

/** What a dead letter keeps beside the message: a body of its own and headers. */
function letterBytes({ content, headers }: DeadLetter, message: IncomingMessage): number {
  let bytes = content === message.content ? 0 : content.length;
  for (const value of Object.values(headers)) bytes += String(value).length;
  return bytes;
}
