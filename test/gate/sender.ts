import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { EVENTS_EXCHANGE } from '#libs/contracts';
import { systemClock } from '#libs/timing';
import { ApiClient } from '../harness/api-client.js';
import type { Delivery } from './traffic.js';

const IN_FLIGHT = 200;
const PAUSE_MS = 250;
const ANSWER_MS = 10_000;
/** A confirm that does not come in this time, while the broker is not blocked, never comes. */
const CONFIRM_MS = 30_000;

/** A bot that repeats every delivery until it is accepted. */
export class Sender {
  /** Accepted so far. */
  accepted = 0;
  /** Sent again because the answer was a failure, or none came. */
  repeated = 0;
  private opening?: Promise<{ connection: ChannelModel; channel: ConfirmChannel }>;

  /** @param serviceUrls of the query services as they are now, which change when one is replaced */
  constructor(
    private readonly brokerUrl: string,
    private readonly serviceUrls: () => readonly string[],
  ) {}

  /** @param mayGoOn awaited before each delivery */
  async sendAll(deliveries: readonly Delivery[], mayGoOn: () => Promise<void>, signal: AbortSignal): Promise<void> {
    let next = 0;
    const sendNext = async () => {
      for (let delivery = deliveries[next++]; delivery !== undefined; delivery = deliveries[next++]) {
        await mayGoOn();
        await this.untilAccepted(delivery, signal);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, sendNext));
  }

  async close(): Promise<void> {
    const open = await this.opening?.catch(() => undefined);
    await open?.connection.close().catch(() => undefined);
  }

  private async untilAccepted(delivery: Delivery, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await (delivery.way === 'http' ? this.post(delivery) : this.publish(delivery));
        this.accepted++;
        return;
      } catch (error) {
        if (error instanceof RefusedForGoodError) throw error;
        signal.throwIfAborted();
        this.repeated++;
        await systemClock.sleep(PAUSE_MS);
      }
    }
  }

  private async post({ path, body }: Delivery & { way: 'http' }): Promise<void> {
    const urls = this.serviceUrls();
    const url = urls[this.accepted % urls.length];
    if (url === undefined) throw new Error('no query service runs');
    const response = await fetch(`${url}/modules/serverstats/${path}`, {
      method: 'POST',
      headers: ApiClient.headers,
      body,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    if (response.status === 202) return;
    const message = `${path} was answered ${response.status}: ${text}`;
    throw response.status < 500 ? new RefusedForGoodError(message) : new Error(message);
  }

  private async publish({ way, routingKey, content, properties }: Exclude<Delivery, { way: 'http' }>): Promise<void> {
    const { channel } = await this.open();
    const confirmed = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no confirm came')), CONFIRM_MS);
      const options = { persistent: true, contentType: 'application/json', ...properties };
      const exchange = way === 'exchange' ? EVENTS_EXCHANGE : '';
      channel.publish(exchange, routingKey, content, options, (error: unknown) => {
        clearTimeout(timer);
        if (error) reject(error as Error);
        else resolve();
      });
    });
    await confirmed;
  }

  private open(): Promise<{ connection: ChannelModel; channel: ConfirmChannel }> {
    this.opening ??= this.connect();
    return this.opening;
  }

  private async connect(): Promise<{ connection: ChannelModel; channel: ConfirmChannel }> {
    const forget = () => {
      this.opening = undefined;
    };
    try {
      const connection = await connect(this.brokerUrl, { timeout: ANSWER_MS });
      connection.on('error', forget).on('close', forget);
      const channel = await connection.createConfirmChannel();
      channel.on('error', forget).on('close', forget);
      return { connection, channel };
    } catch (error) {
      forget();
      throw error;
    }
  }
}

/** An answer that no repeat changes. */
export class RefusedForGoodError extends Error {
  override readonly name = 'RefusedForGoodError';
}
