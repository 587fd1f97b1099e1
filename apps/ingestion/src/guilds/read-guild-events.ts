import {
  GUILD_EVENTS,
  isGuildEventName,
  judgeTime,
  readGuildEvent,
  resolveIdentity,
  type GuildEventFields,
  type GuildEventName,
  type StatisticsContract,
} from '#libs/contracts';
import { deadLetterOf, type DeadLetter } from '../messages/dead-letter.js';
import { EventError } from '../messages/event-error.js';
import { futureEvent } from '../messages/future-event.js';
import type { IncomingMessage } from '../messages/incoming-message.js';
import { openMessage, type OpenedEvent } from '../messages/open-message.js';
import type { ReadMessage } from '../messages/queue-handler.js';

/** An event that is no statistic, read and checked. */
export type ReceivedGuildEvent = {
  [N in GuildEventName]: { name: N; fields: GuildEventFields<N>; occurredAt: Date };
}[GuildEventName];

export interface SourcedGuildEvent {
  event: ReceivedGuildEvent;
  toDeadLetter: (error: EventError) => DeadLetter;
}

export interface ReadGuildEvents extends ReadMessage<SourcedGuildEvent> {
  /** Events older than the retention; they are dropped. */
  tooOld: number;
}

/** Reads a message of the starboard or guilds queue. Never throws. */
export function readGuildEvents(
  message: IncomingMessage,
  contract: StatisticsContract,
  retentionDays: number,
): ReadGuildEvents {
  const result: ReadGuildEvents = { events: [], deadLetters: [], tooOld: 0 };
  try {
    const isEventName = (name: string) => contract.kind(name) !== undefined || isGuildEventName(name);
    const { name, events } = openMessage(message, isEventName);
    if (!isGuildEventName(name) || GUILD_EVENTS[name].queue !== message.queue) {
      throw new EventError('UnknownEventError', `${name} does not belong into ${message.queue}`);
    }
    for (const opened of events) readEvent(opened, name, retentionDays, result);
  } catch (error) {
    const known = error instanceof EventError ? error : new EventError('UnexpectedError', (error as Error).message);
    return { events: [], deadLetters: [deadLetterOf(message, known)], tooOld: 0 };
  }
  return result;
}

function readEvent(opened: OpenedEvent, name: GuildEventName, retentionDays: number, into: ReadGuildEvents): void {
  const read = readGuildEvent(name, opened.body);
  if (!read.ok) {
    into.deadLetters.push(opened.toDeadLetter(EventError.invalid(read.fields)));
    return;
  }
  const { occurred_at: given } = read.value as { occurred_at?: number };
  const { occurredAt, timeFrom } = resolveIdentity({ occurredAt: given }, opened.envelope);
  const verdict = judgeTime(occurredAt, opened.envelope.arrivedAt, retentionDays);
  if (verdict === 'in the future') {
    into.deadLetters.push(opened.toDeadLetter(futureEvent(occurredAt, timeFrom)));
  } else if (verdict === 'too old') {
    into.tooOld++;
  } else {
    const event = { name, fields: read.value, occurredAt: new Date(occurredAt) } as ReceivedGuildEvent;
    into.events.push({ event, toDeadLetter: opened.toDeadLetter });
  }
}
