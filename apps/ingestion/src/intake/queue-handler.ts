import type { DeadLetter } from './dead-letter.js';
import type { IncomingMessage } from './incoming-message.js';

/** A message that was read: what its queue's handler needs of it, and what of it goes to the dead letters already. */
export interface ReadMessage<E = unknown> {
  events: E[];
  deadLetters: DeadLetter[];
  /**
   * What is kept in memory beside the body as it came and a kilobyte for each event and dead letter, roughly, in bytes:
   * the text of the body, what is large in an event, bodies and headers of dead letters.
   */
  keptBytes: number;
}

/** What the events of one queue are for. One class a queue; the transports know nothing else of the domain. */
export interface QueueHandler<E = unknown> {
  readonly queue: string;
  /** Reads a message, synchronously and without side effects but metrics and log lines. Never throws. */
  read(message: IncomingMessage): ReadMessage<E>;
  /**
   * Stores a batch. Doing it again does no harm.
   *
   * @returns the events that can never be stored
   * @throws any error: nothing is decided, the same batch is to be tried again
   */
  handle(batch: readonly ReadMessage<E>[]): Promise<DeadLetter[]>;
}
