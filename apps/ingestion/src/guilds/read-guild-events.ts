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
import { deadLetterOf } from '../intake/dead-letter.js';
import { EventError } from '../intake/event-error.js';
import { futureEvent } from '../intake/future-event.js';
import type { IncomingMessage } from '../intake/incoming-message.js';
import { ownText } from '../intake/own-text.js';
import { openMessage, type EventSource, type OpenedMessage } from '../intake/open-message.js';
import type { ReadMessage } from '../intake/queue-handler.js';

const BYTES_PER_COUNT = 48;

/** An event that is no statistic, read and checked. */
export type ReceivedGuildEvent = {
  [N in GuildEventName]: { name: N; fields: GuildEventFields<N>; occurredAt: Date };
}[GuildEventName];

export interface SourcedGuildEvent {
  event: ReceivedGuildEvent;
  source: EventSource;
  /** Among the events of the source. */
  index: number;
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
  const result: ReadGuildEvents = { events: [], deadLetters: [], keptBytes: 0, tooOld: 0 };
  try {
    const isEventName = (name: string) => contract.kind(name) !== undefined || isGuildEventName(name);
    const opened = openMessage(message, isEventName);
    const { name } = opened;
    if (!isGuildEventName(name) || GUILD_EVENTS[name].queue !== message.queue) {
      throw new EventError('UnknownEventError', `${name} does not belong into ${message.queue}`);
    }
    for (let index = 0; index < opened.bodies.length; index++) readEvent(opened, index, name, retentionDays, result);
    if (result.events.length > 0) result.keptBytes += opened.textBytes;
  } catch (error) {
    const known = error instanceof EventError ? error : new EventError('UnexpectedError', (error as Error).message);
    return { events: [], deadLetters: [deadLetterOf(message, known)], keptBytes: 0, tooOld: 0 };
  }
  return result;
}

function readEvent(
  { bodies, source, copiesTexts }: OpenedMessage,
  index: number,
  name: GuildEventName,
  retentionDays: number,
  into: ReadGuildEvents,
): void {
  const read = readGuildEvent(name, bodies[index]);
  if (!read.ok) {
    into.deadLetters.push(source.toDeadLetter(index, EventError.invalid(read.fields)));
    return;
  }
  const { occurred_at: given } = read.value as { occurred_at?: number };
  const envelope = source.envelope(index);
  const { occurredAt, timeFrom } = resolveIdentity({ occurredAt: given }, envelope);
  const verdict = judgeTime(occurredAt, envelope.arrivedAt, retentionDays);
  if (verdict === 'in the future') {
    into.deadLetters.push(source.toDeadLetter(index, futureEvent(occurredAt, timeFrom)));
  } else if (verdict === 'too old') {
    into.tooOld++;
  } else {
    const fields = copiesTexts ? withOwnTexts(read.value) : read.value;
    const ownName = copiesTexts ? ownText(name) : name;
    const event = { name: ownName, fields, occurredAt: new Date(occurredAt) } as ReceivedGuildEvent;
    into.events.push({ event, source, index });
    into.keptBytes += countsBytes(fields);
  }
}

function withOwnTexts(fields: object): object {
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? ownText(value) : value,
  ]);
  return Object.fromEntries(entries) as object;
}

/** What the counts by role take in memory, roughly, in bytes: as an object they are larger than their JSON. */
function countsBytes(fields: object): number {
  const { online_role_member_counts: counts } = fields as Partial<GuildEventFields<'guild.snapshot'>>;
  return Object.keys(counts ?? {}).reduce((sum, id) => sum + BYTES_PER_COUNT + 2 * id.length, 0);
}
