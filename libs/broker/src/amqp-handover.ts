import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { EVENTS_EXCHANGE, type StatisticsContract } from '#libs/contracts';
import { BrokerConnection } from './broker-connection.js';
import { declareTopology } from './declare-topology.js';
import { EventPacks } from './event-packs.js';
import { BrokerUnavailableError, type EventHandover, type OutgoingEvent } from './event-handover.js';

export interface AmqpHandoverOptions {
  urls: readonly string[];
  contract: StatisticsContract;
  onError(error: Error): void;
}

/** Leaves time for the answer within the 5 s that callers are promised. */
const CONFIRM_TIMEOUT_MS = 4_500;

/** Publishes events with publisher confirms. */
export class AmqpHandover implements EventHandover {
  private readonly connection: BrokerConnection;
  private channel?: ConfirmChannel;
  private readonly packs = new EventPacks((events) => this.publish(events));

  constructor(private readonly options: AmqpHandoverOptions) {
    this.connection = new BrokerConnection({
      urls: options.urls,
      name: 'serverstats-query',
      onConnect: (connection) => this.openChannel(connection),
      onError: (error) => options.onError(error),
    });
  }

  start(): void {
    this.connection.start();
  }

  handOver(event: OutgoingEvent): Promise<void> {
    // The body of a statistic names its event; of the others the message does, so each needs its own.
    return this.options.contract.kind(event.name) === undefined ? this.publish([event]) : this.packs.add(event);
  }

  async probe(): Promise<void> {
    if (this.channel === undefined) throw this.unavailable(this.connection.failure.message);
  }

  async close(): Promise<void> {
    // Confirms that are still due arrive before the channel's own closing handshake ends.
    await this.channel?.close().catch(() => undefined);
    await this.connection.close();
  }

  private publish(events: readonly OutgoingEvent[]): Promise<void> {
    const { channel } = this;
    if (channel === undefined) return Promise.reject(this.unavailable(this.connection.failure.message));
    const [first] = events as readonly [OutgoingEvent, ...OutgoingEvent[]];
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(this.unavailable(`no publisher confirm within ${CONFIRM_TIMEOUT_MS} ms`)),
        CONFIRM_TIMEOUT_MS,
      );
      const settle = (error: unknown) => {
        clearTimeout(timer);
        if (error) reject(this.unavailable(error instanceof Error ? error.message : 'the broker refused the event'));
        else resolve();
      };
      const properties = {
        persistent: true,
        contentType: 'application/json',
        messageId: first.eventId,
        timestamp: Math.floor(first.occurredAt / 1000),
      };
      const body = events.length === 1 ? first.body : events.map((event) => event.body);
      try {
        channel.publish(EVENTS_EXCHANGE, first.name, Buffer.from(JSON.stringify(body)), properties, settle);
      } catch (error) {
        settle(error);
      }
    });
  }

  private async openChannel(connection: ChannelModel): Promise<void> {
    const channel = await connection.createConfirmChannel();
    channel.on('error', (error: Error) => this.options.onError(error));
    channel.once('close', () => {
      if (this.channel !== channel) return;
      this.channel = undefined;
      // Whatever closed the channel, a new connection is the simplest way to a new one.
      connection.close().catch(() => undefined);
    });
    await declareTopology(channel, this.options.contract);
    this.channel = channel;
  }

  private unavailable(reason: string): BrokerUnavailableError {
    return new BrokerUnavailableError(`RabbitMQ cannot take the event: ${reason}`);
  }
}
