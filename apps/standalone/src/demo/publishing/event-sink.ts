import type { DemoEvent } from '../made-up-guild/demo-event.js';

/** Where the events are published. */
export interface EventSink {
  /** How many events it takes at once. */
  readonly concurrency: number;
  /**
   * Resolves when the event cannot be lost any more.
   *
   * @throws RefusedEventError if it will never be accepted; after any other error the same event can be sent again
   */
  send(event: DemoEvent): Promise<void>;
  close(): Promise<void>;
}

/** The event is not acceptable, so that sending it again does not help. */
export class RefusedEventError extends Error {
  override readonly name = 'RefusedEventError';
}
