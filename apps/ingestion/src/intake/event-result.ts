import { messageTime, type EventEnvelope } from '#libs/contracts';
import { deadLetterOf, deadLetterOfElement, type DeadLetter } from './dead-letter.js';
import type { EventError, EventErrorName } from './event-error.js';
import type { EventType, IntakeEvent } from './event-type.js';
import type { IncomingMessage } from './incoming-message.js';

/**
 * The result of decoding or storing one event:
 * - `ok`: its consumer stores or handles it
 * - `drop`: it is ignored, which is not an error
 * - `dead letter`: it can never be stored; its message is acknowledged after the broker has confirmed the dead letter
 */
export type EventResult<E extends IntakeEvent = IntakeEvent> = ReceivedEvent<E> | DroppedEvent | RefusedEvent;

export interface ReceivedEvent<E extends IntakeEvent = IntakeEvent> {
  readonly status: 'ok';
  readonly event: E;
  readonly source: EventSource;
  /** Index among the events of the source. */
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
 * - `duplicate`: stored before
 * - `unwanted`: module or statistic off, or erased
 * - `too_old`: older than the retention
 * - `no_discord`: a starboard or counter panel event, without a Discord token
 */
export type DropReason = 'duplicate' | 'unwanted' | 'too_old' | 'no_discord';

/**
 * What a consumer did with an event, or why it dropped it:
 * - `stored`: written and committed
 * - `handled`: an event other than a statistic was handled
 */
export type StoreOutcome = 'stored' | 'handled' | DropReason;

/** How many events had which outcome. */
export type OutcomeCounts = Readonly<Partial<Record<StoreOutcome, number>>>;

/** The message that events came from. It is kept until the message is acknowledged. */
export class EventSource {
  constructor(
    /** The type of all its events. */
    readonly type: EventType,
    private readonly message: IncomingMessage,
    /** The source text of an element, if the message is an array. */
    private readonly elementText?: (index: number) => string,
  ) {}

  envelope(index: number): EventEnvelope {
    if (this.elementText === undefined) return this.message;
    const { messageId, timestamp, arrivedAt } = this.message;
    return { messageId, timestamp, arrivedAt, index };
  }

  /**
   * When an event was published, in Unix milliseconds; when it occurred, if the message has no time.
   *
   * @param occurredAt of the event. Publishers set whole seconds, and an event is published after it occurs, so a later
   *   time within that second is more precise
   */
  publishedAt(occurredAt: number): number {
    const ofMessage = messageTime(this.message);
    if (ofMessage === undefined) return occurredAt;
    return occurredAt > ofMessage && occurredAt < ofMessage + 1_000 ? occurredAt : ofMessage;
  }

  /** Makes a dead letter of this event only. */
  refuse(index: number, error: EventError): RefusedEvent {
    if (this.elementText === undefined) return refuseMessage(this.message, error);
    const letter = deadLetterOfElement(this.message, { index, text: this.elementText(index) }, error);
    return { status: 'dead letter', reason: error.name, letter };
  }
}

/** Makes a dead letter of the whole message. */
export function refuseMessage(message: IncomingMessage, error: EventError): RefusedEvent {
  return { status: 'dead letter', reason: error.name, letter: deadLetterOf(message, error) };
}
