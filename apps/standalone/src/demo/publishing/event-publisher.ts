import { BackOff, pause } from '#libs/timing';
import type { DemoEvent } from '../made-up-guild/demo-event.js';
import { RefusedEventError, type EventSink } from './event-sink.js';

const PAUSES = { firstMs: 100, longestMs: 5_000 };
/** Failures in a row after which people are told. */
const TELL_AFTER = 4;

/** Publishes events, each until it is accepted. */
export class EventPublisher {
  private readonly backOff = new BackOff(PAUSES);
  private pausing?: Promise<unknown>;

  /** @param stopRequested ends publishing; what is not published then is published by the next demo */
  constructor(
    private readonly sink: EventSink,
    private readonly stopRequested: AbortSignal,
    private readonly say: (line: string) => void,
  ) {}

  /** Publishes all events, several at once. @param onPublished is called after each. @throws RefusedEventError */
  async publishAll(events: Iterable<DemoEvent>, onPublished: () => void): Promise<void> {
    // The workers take their events from one iterator. A worker that throws closes it, and so ends the others.
    const iterator = events[Symbol.iterator]();
    const remaining = { [Symbol.iterator]: () => iterator };
    const work = async () => {
      for (const event of remaining) {
        await this.publish(event);
        if (this.stopRequested.aborted) return;
        onPublished();
      }
    };
    await Promise.all(Array.from({ length: this.sink.concurrency }, work));
  }

  /** Publishes each event when its time has come. Resolves when a stop is requested. @throws RefusedEventError */
  async publishLive(events: Iterable<DemoEvent>): Promise<void> {
    for (const event of events) {
      if (!(await pause(Math.max(0, event.occurredAt - Date.now()), this.stopRequested))) return;
      await this.publish(event);
    }
  }

  private async publish(event: DemoEvent): Promise<void> {
    while (!this.stopRequested.aborted) {
      try {
        await this.sink.send(event);
        return this.backOff.succeeded();
      } catch (error) {
        if (error instanceof RefusedEventError) throw error;
        await (this.pausing ??= this.pause(error as Error));
      }
    }
  }

  /** A failure mostly concerns all events that are under way, so they share its pause. */
  private async pause(error: Error): Promise<void> {
    const pauseMs = this.backOff.next();
    if (this.backOff.failures === TELL_AFTER) this.say(`Waiting until events can be published: ${error.message}`);
    await pause(pauseMs, this.stopRequested);
    this.pausing = undefined;
  }
}
