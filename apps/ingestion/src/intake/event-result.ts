import { messageTime, type EventEnvelope } from '#libs/contracts';
import { deadLetterOf, deadLetterOfElement, type DeadLetter } from './dead-letter.js';
import type { EventError, EventErrorName } from './event-error.js';
import type { EventType, IntakeEvent } from './event-type.js';
import type { IncomingMessage } from './incoming-message.js';

/**
 * What is to be done with one event:
 * - `ok`: its consumer stores it or carries it out
 * - `drop`: nothing, and that is no mistake
 * - `dead letter`: it can never be taken; its message is acknowledged when the broker has the letter
 */
export type EventResult<E extends IntakeEvent = IntakeEvent> = ReceivedEvent<E> | DroppedEvent | RefusedEvent;

export interface ReceivedEvent<E extends IntakeEvent = IntakeEvent> {
  readonly status: 'ok';
  readonly event: E;
  readonly source: EventSource;
  /** Among the events of the source. */
  readonly index: number;
}

export interface DroppedEvent {
  readonly status: 'drop';
  readonly reason: DropReason;
}

export interface RefusedEvent {
  readonly status: 'dead letter';
  readonly reason: EventErrorName;
  readonly letter: DeadLetter;
}

/**
 * - `duplicate`: was stored before
 * - `unwanted`: module or statistic off, or erased
 * - `too_old`: older than the retention
 * - `no_discord`: starboard and counter panel events, while nothing acts in Discord
 */
export type DropReason = 'duplicate' | 'unwanted' | 'too_old' | 'no_discord';

/**
 * What a consumer did with an event, or why it did nothing:
 * - `stored`: written and committed
 * - `handled`: an event that is no statistic was carried out
 */
export type StoreOutcome = 'stored' | 'handled' | DropReason;

/** How many events had which outcome. */
export type OutcomeCounts = Readonly<Partial<Record<StoreOutcome, number>>>;

/** Where events came from; what an event keeps of its message until it is acknowledged. */
export class EventSource {
  constructor(
    /** Of all of them. */
    readonly type: EventType,
    private readonly message: IncomingMessage,
    /** The source text of each element, where the message is an array. */
    private readonly elementText?: (index: number) => string,
  ) {}

  envelope(index: number): EventEnvelope {
    if (this.elementText === undefined) return this.message;
    const { messageId, timestamp, arrivedAt } = this.message;
    return { messageId, timestamp, arrivedAt, index };
  }

  /**
   * When an event was published, in Unix milliseconds; when it occurred, if the message does not say.
   *
   * @param occurredAt of the event. Publishers give whole seconds, and no event is published before it occurs, so within
   *   that second it is the better answer
   */
  publishedAt(occurredAt: number): number {
    const ofMessage = messageTime(this.message);
    if (ofMessage === undefined) return occurredAt;
    return occurredAt > ofMessage && occurredAt < ofMessage + 1_000 ? occurredAt : ofMessage;
  }

  /** This event alone goes to the dead letters. */
  refuse(index: number, error: EventError): RefusedEvent {
    if (this.elementText === undefined) return refuseMessage(this.message, error);
    const letter = deadLetterOfElement(this.message, { index, text: this.elementText(index) }, error);
    return { status: 'dead letter', reason: error.name, letter };
  }
}

/** The whole message goes to the dead letters. */
export function refuseMessage(message: IncomingMessage, error: EventError): RefusedEvent {
  return { status: 'dead letter', reason: error.name, letter: deadLetterOf(message, error) };
}
