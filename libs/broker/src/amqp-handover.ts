import { EVENTS_EXCHANGE, type StatisticsContract } from '#libs/contracts';
import { DeadlineError, withDeadline } from '#libs/timing';
import { ConfirmPublisher, type ConfirmPublisherOptions } from './confirm-publisher.js';
import { EventPacks } from './event-packs.js';
import { BrokerUnavailableError, type EventHandover, type OutgoingEvent } from './event-handover.js';
import type { QueueDepths } from './queue-depths.js';

export type AmqpHandoverOptions = Omit<ConfirmPublisherOptions, 'name'> & { contract: StatisticsContract };

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

  /** Of the queues that events are handed over to; nothing is known during an alarm. */
  get depths(): QueueDepths {
    return this.publisher.depths;
  }

  handOver(event: OutgoingEvent): Promise<void> {
    return this.isStatistic(event) ? this.packs.add(event) : this.publish([event]);
  }

  /** The body of a statistic has its event's id and time. Other events have those of their message, so each needs its own. */
  private isStatistic({ name }: OutgoingEvent): boolean {
    return this.contract.kind(name) !== undefined;
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
      timestamp: Math.floor((this.isStatistic(first) ? Date.now() : first.occurredAt) / 1000),
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
