import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ChannelModel } from 'amqplib';
import { tolerateUnreadableProperties } from './unreadable-properties.js';

export interface BrokerConnectionOptions {
  /** AMQP 0-9-1 URLs of one cluster, tried in turn. */
  urls: readonly string[];
  /** Shown in the broker's list of connections. */
  name: string;
  /** Called with every new connection; a rejection counts as a failed attempt. */
  onConnect(connection: ChannelModel): Promise<void>;
  /** Called when the connection is lost or cannot be made; not again for the same reason until it was up. */
  onError(error: Error): void;
}

const CONNECT_TIMEOUT_MS = 4_000;
const CLOSE_TIMEOUT_MS = 2_000;
const HEARTBEAT_SECONDS = 10;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** A connection to RabbitMQ that comes back by itself, for as long as it is not closed. */
export class BrokerConnection {
  private connection?: ChannelModel;
  private readonly stopping = new AbortController();
  private running?: Promise<void>;
  private whyDown = new Error('not connected yet');

  constructor(private readonly options: BrokerConnectionOptions) {}

  /** Connects in the background. */
  start(): void {
    this.running ??= this.keepConnected();
  }

  get isConnected(): boolean {
    return this.connection !== undefined;
  }

  /** The last failure; of interest while not connected. */
  get failure(): Error {
    return this.whyDown;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    const closed = Promise.all([this.connection?.close().catch(() => undefined), this.running]);
    // A dead socket never answers the closing handshake.
    await Promise.race([closed, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
  }

  private async keepConnected(): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 0, pause = FIRST_PAUSE_MS; !signal.aborted; attempt++) {
      try {
        await this.connectOnce(this.options.urls[attempt % this.options.urls.length]!);
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        this.report(error as Error);
        if ((attempt + 1) % this.options.urls.length !== 0) continue;
      }
      const jitter = 0.5 + Math.random() / 2;
      await sleep(pause * jitter, undefined, { signal }).catch(() => undefined);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Resolves when a connection that was made has ended again. */
  private async connectOnce(url: string): Promise<void> {
    const connection = await connect(withHeartbeat(url), {
      timeout: CONNECT_TIMEOUT_MS,
      // Else the end of a message that takes several packets waits 40 ms for the acknowledgement of its beginning.
      noDelay: true,
      clientProperties: { connection_name: this.options.name },
    });
    tolerateUnreadableProperties(connection);
    let reason: Error | undefined;
    connection.on('error', (error: Error) => (reason = error));
    const ended = new Promise<void>((resolve) => connection.once('close', () => resolve()));
    try {
      await this.options.onConnect(connection);
    } catch (error) {
      connection.close().catch(() => undefined);
      throw error;
    }
    if (this.stopping.signal.aborted) await connection.close().catch(() => undefined);
    this.connection = connection;
    this.whyDown = new Error('connected');
    await ended;
    this.connection = undefined;
    if (!this.stopping.signal.aborted) this.report(reason ?? new Error('the broker closed the connection'));
  }

  private report(error: Error): void {
    const isNews = error.message !== this.whyDown.message;
    this.whyDown = error;
    if (isNews) this.options.onError(error);
  }
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return parsed.toString();
}
