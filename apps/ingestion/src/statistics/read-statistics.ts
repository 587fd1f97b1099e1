import {
  isGuildEventName,
  judgeTime,
  type CompiledKind,
  type StatisticEvent,
  type StatisticsContract,
} from '#libs/contracts';
import { deadLetterOf, type DeadLetter } from '../messages/dead-letter.js';
import { EventError } from '../messages/event-error.js';
import { futureEvent } from '../messages/future-event.js';
import type { IncomingMessage } from '../messages/incoming-message.js';
import { openMessage, type OpenedEvent } from '../messages/open-message.js';
import type { ReadMessage } from '../messages/queue-handler.js';

/** An event that is to be stored, and the way back to where it came from. */
export interface SourcedEvent {
  event: StatisticEvent;
  toDeadLetter: (error: EventError) => DeadLetter;
}

export interface ReadStatistics extends ReadMessage<SourcedEvent> {
  /** Events older than the retention; they are dropped. */
  tooOld: number;
  /** Events that a second delivery would store again: nothing in them or their message says which they are. */
  unrepeatable: number;
}

/** Reads a message of the statistics queue: decode, validate, identify, judge the time. Never throws. */
export function readStatistics(
  message: IncomingMessage,
  contract: StatisticsContract,
  retentionDays: number,
): ReadStatistics {
  const result: ReadStatistics = { events: [], deadLetters: [], tooOld: 0, unrepeatable: 0 };
  try {
    const isEventName = (name: string) => contract.kind(name) !== undefined || isGuildEventName(name);
    const { name, events } = openMessage(message, isEventName);
    const kind = contract.kind(name);
    if (kind === undefined) throw new EventError('UnknownEventError', `${name} does not belong into ${message.queue}`);
    for (const opened of events) readEvent(opened, kind, retentionDays, result);
  } catch (error) {
    const known = error instanceof EventError ? error : new EventError('UnexpectedError', (error as Error).message);
    return { events: [], deadLetters: [deadLetterOf(message, known)], tooOld: 0, unrepeatable: 0 };
  }
  return result;
}

function readEvent(opened: OpenedEvent, kind: CompiledKind, retentionDays: number, into: ReadStatistics): void {
  const read = kind.read(opened.body);
  if (!read.ok) {
    into.deadLetters.push(opened.toDeadLetter(EventError.invalid(read.fields)));
    return;
  }
  const { given: _, ...fields } = read.value;
  const { eventId, occurredAt, timeFrom, repeatable } = kind.identify(read.value, opened.envelope);
  const verdict = judgeTime(occurredAt, opened.envelope.arrivedAt, retentionDays);
  if (verdict === 'in the future') {
    into.deadLetters.push(opened.toDeadLetter(futureEvent(occurredAt, timeFrom)));
  } else if (verdict === 'too old') {
    into.tooOld++;
  } else {
    if (!repeatable) into.unrepeatable++;
    into.events.push({ event: { kind, eventId, occurredAt, ...fields }, toDeadLetter: opened.toDeadLetter });
  }
}
