import type { Socket } from 'node:net';
import type { ChannelModel } from 'amqplib';
import { BackOff, pause, systemClock, withDeadline, type Clock } from '#libs/timing';
import { endConnection, openConnection, socketOf } from './open-connection.js';

export interface BrokerConnectionOptions {
  /** AMQP 0-9-1 URLs of the nodes of one cluster, tried in turn. */
  urls: readonly string[];
  /** Shown in the broker's list of connections. */
  name: string;
  /** Sets up every new connection. A rejection, or no result within 10 s, counts as a failed attempt. */
  onConnect(connection: ChannelModel): Promise<void>;
  /**
   * Called when the connection is lost or an attempt fails. Repeated failures with the same message are not reported.
   */
  onError(error: Error): void;
  /** Called with a reason when the broker blocks this connection, and without one when it unblocks it. */
  onAlarm?(reason?: string): void;
  /** Called after a reconnect. */
  onReconnect?(): void;
  /** Of the pauses between two connections. @defaultValue the system's */
  clock?: Clock;
}

const SETUP_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;
const PAUSES = { firstMs: 100, longestMs: 5_000 };

/** A connection to RabbitMQ that reconnects until it is closed. */
export class BrokerConnection {
  private connection?: ChannelModel;
  private readonly stopping = new AbortController();
  private running?: Promise<void>;
  private lastFailure = new Error('not connected yet');
  private alarmReason?: string;
  private wasConnected = false;
  private readonly backOff = new BackOff(PAUSES);
  private readonly clock: Clock;

  constructor(private readonly options: BrokerConnectionOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /** Connects in the background. */
  start(): void {
    this.running ??= this.keepConnected();
  }

  get isConnected(): boolean {
    return this.connection !== undefined;
  }

  /** The connection; undefined while there is none. */
  get current(): ChannelModel | undefined {
    return this.connection;
  }

  /** The last failure; of interest while not connected. */
  get failure(): Error {
    return this.lastFailure;
  }

  /**
   * The broker's reason for blocking this connection, such as "low on memory"; undefined if it is not blocked. The
   * broker reports an alarm only after the connection has published.
   */
  get alarm(): string | undefined {
    return this.alarmReason;
  }

  /** Whether written bytes wait in this process because the broker does not read them. */
  get hasUnsentBytes(): boolean {
    return this.connection !== undefined && socketOf(this.connection).writableLength > 0;
  }

  /** Destroys the connection, discards unsent bytes, and reconnects. */
  reset(reason: Error): void {
    if (this.connection !== undefined) resetSocket(socketOf(this.connection), reason);
  }

  /** Takes at most 2 s, even if the broker does not answer. */
  async close(): Promise<void> {
    this.stopping.abort();
    const closed = Promise.all([this.connection && endConnection(this.connection), this.running]);
    await withDeadline({ what: 'closing the connection', ms: CLOSE_TIMEOUT_MS }, closed).catch(() => undefined);
  }

  private async keepConnected(): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.connectOnce(this.options.urls[attempt % this.options.urls.length]!);
      } catch (error) {
        this.report(error as Error);
        if ((attempt + 1) % this.options.urls.length !== 0) continue;
      }
      await pause(this.backOff.next(), signal, this.clock);
    }
  }

  /** Resolves when the established connection has ended. @throws when connecting or the set-up fails */
  private async connectOnce(url: string): Promise<void> {
    const connection = await openConnection(url, this.options.name);
    let reason: Error | undefined;
    connection.on('error', (error: Error) => (reason = error));
    connection.on('blocked', (why: string) => this.setAlarm(why));
    connection.on('unblocked', () => this.setAlarm(undefined));
    const ended = new Promise<void>((resolve) => connection.once('close', () => resolve()));
    try {
      await withDeadline(
        { what: 'setting up the connection', ms: SETUP_TIMEOUT_MS },
        this.options.onConnect(connection),
      );
    } catch (error) {
      endConnection(connection).catch(() => undefined);
      this.alarmReason = undefined;
      throw error;
    }
    if (this.stopping.signal.aborted) endConnection(connection).catch(() => undefined);
    this.connection = connection;
    if (this.wasConnected) this.options.onReconnect?.();
    this.wasConnected = true;
    this.lastFailure = new Error('connected');
    const since = this.clock.now();
    await ended;
    this.backOff.succeeded(this.clock.now() - since);
    this.connection = undefined;
    this.alarmReason = undefined;
    endConnection(connection).catch(() => undefined);
    if (!this.stopping.signal.aborted) this.report(reason ?? new Error('the broker closed the connection'));
  }

  private setAlarm(reason: string | undefined): void {
    if (reason === this.alarmReason) return;
    this.alarmReason = reason;
    this.options.onAlarm?.(reason);
  }

  private report(error: Error): void {
    const isNew = error.message !== this.lastFailure.message;
    this.lastFailure = error;
    if (isNew) this.options.onError(error);
  }
}

function resetSocket(socket: Socket, reason: Error): void {
  // Resetting a socket emits no error, and amqplib would not notice.
  socket.emit('error', reason);
  try {
    // A reset also discards the bytes in the operating system's buffer.
    socket.resetAndDestroy();
  } catch {
    // TLS has no reset.
  }
  socket.destroy();
}
