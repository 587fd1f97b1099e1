/** An event of a request that is handed over to ingestion. */
export interface OutgoingEvent {
  /** Name of the kind; the routing key. */
  name: string;
  eventId: string;
  /** Unix milliseconds. */
  occurredAt: number;
  body: Record<string, unknown>;
}

/**
 * Hands events of requests over to ingestion. After `handOver` has resolved, the event cannot be lost. It is a class so
 * that Nest can inject it.
 */
export abstract class EventHandover {
  /** @throws BrokerUnavailableError within 5 s; the event may have arrived, and a retry is safe */
  abstract handOver(event: OutgoingEvent): Promise<void>;
  /** @throws Error with the reason why events cannot be handed over now */
  abstract probe(): Promise<void>;
  abstract close(): Promise<void>;
}

export class BrokerUnavailableError extends Error {
  override readonly name = 'BrokerUnavailableError';
}
