import {
  isGuildEventName,
  judgeTime,
  type CompiledKind,
  type StatisticEvent,
  type StatisticFields,
  type StatisticsContract,
} from '#libs/contracts';
import { deadLetterOf } from '../intake/dead-letter.js';
import { EventError } from '../intake/event-error.js';
import { futureEvent } from '../intake/future-event.js';
import type { IncomingMessage } from '../intake/incoming-message.js';
import { ownText } from '../intake/own-text.js';
import { openMessage, type EventSource, type OpenedMessage } from '../intake/open-message.js';
import type { ReadMessage } from '../intake/queue-handler.js';

/** An event that is to be stored, and the way back to where it came from. */
export interface SourcedEvent {
  event: StatisticEvent;
  source: EventSource;
  /** Among the events of the source. */
  index: number;
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
  const result: ReadStatistics = { events: [], deadLetters: [], keptBytes: 0, tooOld: 0, unrepeatable: 0 };
  try {
    const isEventName = (name: string) => contract.kind(name) !== undefined || isGuildEventName(name);
    const opened = openMessage(message, isEventName);
    const kind = contract.kind(opened.name);
    if (kind === undefined) {
      throw new EventError('UnknownEventError', `${opened.name} does not belong into ${message.queue}`);
    }
    for (let index = 0; index < opened.bodies.length; index++) readEvent(opened, index, kind, retentionDays, result);
    if (result.events.length > 0) result.keptBytes = opened.textBytes;
  } catch (error) {
    const known = error instanceof EventError ? error : new EventError('UnexpectedError', (error as Error).message);
    return { events: [], deadLetters: [deadLetterOf(message, known)], keptBytes: 0, tooOld: 0, unrepeatable: 0 };
  }
  return result;
}

function readEvent(
  { bodies, source, copiesTexts }: OpenedMessage,
  index: number,
  kind: CompiledKind,
  retentionDays: number,
  into: ReadStatistics,
): void {
  const read = kind.read(bodies[index]);
  if (!read.ok) {
    into.deadLetters.push(source.toDeadLetter(index, EventError.invalid(read.fields)));
    return;
  }
  const fields = read.value;
  const envelope = source.envelope(index);
  const { eventId, occurredAt, timeFrom, repeatable } = kind.identify(fields, envelope);
  const verdict = judgeTime(occurredAt, envelope.arrivedAt, retentionDays);
  if (verdict === 'in the future') {
    into.deadLetters.push(source.toDeadLetter(index, futureEvent(occurredAt, timeFrom)));
  } else if (verdict === 'too old') {
    into.tooOld++;
  } else {
    if (!repeatable) into.unrepeatable++;
    const event = eventOf(kind, eventId, occurredAt, fields);
    into.events.push({ event: copiesTexts ? withOwnTexts(event) : event, source, index });
  }
}

/** Names every field: copying them by a spread took longer than reading them. */
function eventOf(kind: CompiledKind, eventId: string, occurredAt: number, fields: StatisticFields): StatisticEvent {
  const { guildId, userId, channelId, messageId, label, value, flags } = fields;
  return { kind, guildId, eventId, occurredAt, userId, channelId, messageId, label, value, flags };
}

function withOwnTexts(event: StatisticEvent): StatisticEvent {
  const own = (text: string | null) => (text === null ? null : ownText(text));
  return {
    ...event,
    guildId: ownText(event.guildId),
    eventId: ownText(event.eventId),
    userId: own(event.userId),
    channelId: own(event.channelId),
    messageId: own(event.messageId),
    label: own(event.label),
  };
}
