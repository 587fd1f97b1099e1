import { v7 as uuidV7 } from 'uuid';
import type { OutgoingEvent } from '#libs/broker';
import type { GuildEventName } from '#libs/contracts';

/** Creates an event that is not a statistic, with a new id and the current time. */
export function newEvent(name: GuildEventName, body: Record<string, unknown>): OutgoingEvent {
  return { name, eventId: uuidV7(), occurredAt: Date.now(), body };
}
