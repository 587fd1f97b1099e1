import { ConfirmPublisher } from '#libs/broker';
import { EVENTS_EXCHANGE } from '#libs/contracts';
import type { DemoEvent } from '../made-up-guild/demo-event.js';
import type { EventSink } from './event-sink.js';

/** Publishes to RabbitMQ like a bot: one event a message, with publisher confirms. */
export class AmqpSink implements EventSink {
  readonly concurrency = 1_000;
  private readonly publisher: ConfirmPublisher;

  constructor(urls: readonly string[]) {
    this.publisher = new ConfirmPublisher({
      urls,
      name: 'serverstats-demo',
      // Each event that could not be sent has its own error.
      onError: () => undefined,
      onAlarm: () => undefined,
    });
    this.publisher.start();
  }

  send({ name, eventId, occurredAt, body }: DemoEvent): Promise<void> {
    return this.publisher.publish(EVENTS_EXCHANGE, name, Buffer.from(JSON.stringify(body)), {
      persistent: true,
      contentType: 'application/json',
      messageId: eventId,
      timestamp: Math.floor(occurredAt / 1_000),
    });
  }

  close(): Promise<void> {
    return this.publisher.close();
  }
}
