/** An event on its way from a request to whoever stores it. */
export interface OutgoingEvent {
  /** Name of the kind; the routing key. */
  name: string;
  eventId: string;
  /** Unix milliseconds. */
  occurredAt: number;
  body: Record<string, unknown>;
}

/**
 * Takes over events that came as requests. Once `handOver` has resolved, the event is not lost any more. A class, so that
 * Nest injects it.
 */
export abstract class EventHandover {
  /** @throws BrokerUnavailableError within 5 s; the event may or may not have arrived, repeating it does no harm */
  abstract handOver(event: OutgoingEvent): Promise<void>;
  /** @throws Error saying why nothing can be handed over now */
  abstract probe(): Promise<void>;
  abstract close(): Promise<void>;
}

export class BrokerUnavailableError extends Error {
  override readonly name = 'BrokerUnavailableError';
}
