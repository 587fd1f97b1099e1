import { v7 as uuidV7 } from 'uuid';
import type { OutgoingEvent } from '#libs/broker';
import type { GuildEventName } from '#libs/contracts';

/** An event that is no statistic: it happens now, and nothing tells it from another but its id. */
export function newEvent(name: GuildEventName, body: Record<string, unknown>): OutgoingEvent {
  return { name, eventId: uuidV7(), occurredAt: Date.now(), body };
}
