import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OutgoingEvent } from './event-handover.js';

interface Pack {
  events: OutgoingEvent[];
  published: Promise<void>;
}

/** A message with this many events has some tens of kilobytes. */
const MAX_EVENTS = 100;

/**
 * Combines events of one kind that are handed over in the same turn of the event loop into one message. For the broker,
 * such a message with one confirm costs little more than a single event.
 */
export class EventPacks {
  private readonly open = new Map<string, Pack>();

  /** @param publish publishes events of one kind; settles when the broker has confirmed or rejected all of them */
  constructor(private readonly publish: (events: readonly OutgoingEvent[]) => Promise<void>) {}

  /** Settles like the publish of the event's pack. */
  add(event: OutgoingEvent): Promise<void> {
    let pack = this.open.get(event.name);
    if (pack === undefined || pack.events.length === MAX_EVENTS) {
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
