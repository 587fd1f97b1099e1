import { connect, type ChannelModel, type ConfirmChannel, type GetMessage, type Options } from 'amqplib';
import { DEAD_LETTERS, EVENTS_EXCHANGE } from '#libs/contracts';
import { waitFor } from './wait-for.js';

/** Publishes like a bot: with confirms and without declaring anything. */
export class Publisher {
  private constructor(
    private readonly connection: ChannelModel,
    private readonly channel: ConfirmChannel,
  ) {}

  static async connect(url: string): Promise<Publisher> {
    const connection = await connect(url);
    return new Publisher(connection, await connection.createConfirmChannel());
  }

  /** Publishes a message and waits for the confirm. An object is sent as JSON. */
  publish(routingKey: string, body: Buffer | string | object, properties: Options.Publish = {}): Promise<void> {
    const content = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const options = { persistent: true, contentType: 'application/json', ...properties };
      this.channel.publish(EVENTS_EXCHANGE, routingKey, content, options, (error: unknown) =>
        error ? reject(error as Error) : resolve(),
      );
    });
  }

  /** Sends to a queue by its name, like NestJS's stock client. */
  sendToQueue(queue: string, body: object): Promise<void> {
    return new Promise((resolve, reject) => {
      this.channel.sendToQueue(queue, Buffer.from(JSON.stringify(body)), {}, (error: unknown) =>
        error ? reject(error as Error) : resolve(),
      );
    });
  }

  /** The number of messages in a queue. */
  async depth(queue: string): Promise<number> {
    return (await this.channel.checkQueue(queue)).messageCount;
  }

  /** Waits for a number of dead letters, and removes and returns all. */
  async waitForDeadLetters(count: number): Promise<GetMessage[]> {
    await waitFor(async () => (await this.depth(DEAD_LETTERS)) >= count, { what: `${count} dead letters` });
    return this.takeDeadLetters();
  }

  /** Removes and returns all dead letters. */
  async takeDeadLetters(): Promise<GetMessage[]> {
    const letters: GetMessage[] = [];
    for (;;) {
      const letter = await this.channel.get(DEAD_LETTERS, { noAck: true });
      if (letter === false) return letters;
      letters.push(letter);
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}
