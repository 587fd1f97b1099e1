import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OutgoingEvent } from './event-handover.js';

interface Pack {
  events: OutgoingEvent[];
  published: Promise<void>;
}

/** A message of so many events has some tens of kilobytes. */
const MOST_EVENTS = 100;

/**
 * Gathers events of one kind that are handed over in the same turn of the event loop, as they are under load: one
 * message and one confirm for all of them, of which the broker's work is nearly that for a single event.
 */
export class EventPacks {
  private readonly open = new Map<string, Pack>();

  /** @param publish settles when the broker has answered for all of the events, which are of one kind */
  constructor(private readonly publish: (events: readonly OutgoingEvent[]) => Promise<void>) {}

  /** Settles as the publishing of the event's pack does. */
  add(event: OutgoingEvent): Promise<void> {
    let pack = this.open.get(event.name);
    if (pack === undefined || pack.events.length === MOST_EVENTS) {
      pack = this.start(event.name);
      this.open.set(event.name, pack);
    }
    pack.events.push(event);
    return pack.published;
  }

  private start(name: string): Pack {
    const events: OutgoingEvent[] = [];
    const published = nextTurn().then(() => {
      if (this.open.get(name)?.events === events) this.open.delete(name);
      return this.publish(events);
    });
    return { events, published };
  }
}
