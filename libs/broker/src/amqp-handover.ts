import { EVENTS_EXCHANGE, type StatisticsContract } from '#libs/contracts';
import { DeadlineError, withDeadline } from '#libs/timing';
import { ConfirmPublisher, type ConfirmPublisherOptions } from './confirm-publisher.js';
import { EventPacks } from './event-packs.js';
import { BrokerUnavailableError, type EventHandover, type OutgoingEvent } from './event-handover.js';

export type AmqpHandoverOptions = Omit<ConfirmPublisherOptions, 'name'>;

/** Callers get an answer within 5 s. */
const CONFIRM_TIMEOUT_MS = 4_500;

/** Publishes events with publisher confirms. */
export class AmqpHandover implements EventHandover {
  private readonly publisher: ConfirmPublisher;
  private readonly contract: StatisticsContract;
  private readonly packs = new EventPacks((events) => this.publish(events));

  constructor(options: AmqpHandoverOptions) {
    this.publisher = new ConfirmPublisher({ ...options, name: 'serverstats-query' });
    this.contract = options.contract;
  }

  start(): void {
    this.publisher.start();
  }

  handOver(event: OutgoingEvent): Promise<void> {
    // The body of a statistic contains its event id. Other events use the message id, so each needs a message.
    return this.contract.kind(event.name) === undefined ? this.publish([event]) : this.packs.add(event);
  }

  async probe(): Promise<void> {
    const { obstacle } = this.publisher;
    if (obstacle !== undefined) throw unavailable(obstacle);
  }

  close(): Promise<void> {
    return this.publisher.close();
  }

  private async publish(events: readonly OutgoingEvent[]): Promise<void> {
    const [first] = events as readonly [OutgoingEvent, ...OutgoingEvent[]];
    const properties = {
      persistent: true,
      contentType: 'application/json',
      messageId: first.eventId,
      timestamp: Math.floor(first.occurredAt / 1000),
    };
    const body = events.length === 1 ? first.body : events.map((event) => event.body);
    try {
      const content = Buffer.from(JSON.stringify(body));
      const confirmed = this.publisher.publish(EVENTS_EXCHANGE, first.name, content, properties);
      await withDeadline({ what: 'the publisher confirm', ms: CONFIRM_TIMEOUT_MS }, confirmed);
    } catch (error) {
      const reason = unavailable((error as Error).message);
      // The callers get an error and retry, so what is still unsent must not be published later.
      if (error instanceof DeadlineError) this.publisher.discardUnsent(reason);
      throw reason;
    }
  }
}

function unavailable(reason: string): BrokerUnavailableError {
  return new BrokerUnavailableError(`RabbitMQ cannot take the event: ${reason}`);
}
