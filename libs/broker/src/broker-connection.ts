import type { Socket } from 'node:net';
import type { ChannelModel } from 'amqplib';
import { BackOff, pause, systemClock, withDeadline, type Clock } from '#libs/timing';
import { endConnection, openConnection, socketOf } from './open-connection.js';

export interface BrokerConnectionOptions {
  /** AMQP 0-9-1 URLs of one cluster, tried in turn. */
  urls: readonly string[];
  /** Shown in the broker's list of connections. */
  name: string;
  /** Called with every new connection; a rejection, or none within 10 s, counts as a failed attempt. */
  onConnect(connection: ChannelModel): Promise<void>;
  /** Called when the connection is lost or cannot be made; not again for the same reason until it was up. */
  onError(error: Error): void;
  /** Called when the broker stops taking messages from this connection, and without a reason when it goes on. */
  onAlarm?(reason?: string): void;
  /** Called when a connection was made again after one had ended. */
  onReconnect?(): void;
  /** Of the pauses between two connections. @defaultValue the system's */
  clock?: Clock;
}

const SETUP_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;
const PAUSES = { firstMs: 100, longestMs: 5_000 };

/** A connection to RabbitMQ that comes back by itself, for as long as it is not closed. */
export class BrokerConnection {
  private connection?: ChannelModel;
  private readonly stopping = new AbortController();
  private running?: Promise<void>;
  private whyDown = new Error('not connected yet');
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
    return this.whyDown;
  }

  /**
   * Why the broker takes no messages from this connection, in its words ("low on memory"); undefined while it does. It
   * tells a connection when it publishes for the first time during an alarm, and not before.
   */
  get alarm(): string | undefined {
    return this.alarmReason;
  }

  /** Whether something that was written waits in this process, as the broker reads no further. */
  get hasUnsentBytes(): boolean {
    return this.connection !== undefined && socketOf(this.connection).writableLength > 0;
  }

  /** Ends the connection at once; a new one is made. What was not sent yet is never sent. */
  reset(reason: Error): void {
    if (this.connection !== undefined) resetSocket(socketOf(this.connection), reason);
  }

  /** Within 2 s, whether the broker answers or not. */
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

  /** Resolves when a connection that was made has ended again. */
  private async connectOnce(url: string): Promise<void> {
    const connection = await openConnection(url, this.options.name);
    let reason: Error | undefined;
    connection.on('error', (error: Error) => (reason = error));
    connection.on('blocked', (why: string) => this.noteAlarm(why));
    connection.on('unblocked', () => this.noteAlarm(undefined));
    const ended = new Promise<void>((resolve) => connection.once('close', () => resolve()));
    try {
      await withDeadline(
        { what: 'what a new connection needs', ms: SETUP_TIMEOUT_MS },
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
    this.whyDown = new Error('connected');
    const since = this.clock.now();
    await ended;
    this.backOff.succeeded(this.clock.now() - since);
    this.connection = undefined;
    this.alarmReason = undefined;
    endConnection(connection).catch(() => undefined);
    if (!this.stopping.signal.aborted) this.report(reason ?? new Error('the broker closed the connection'));
  }

  private noteAlarm(reason: string | undefined): void {
    if (reason === this.alarmReason) return;
    this.alarmReason = reason;
    this.options.onAlarm?.(reason);
  }

  private report(error: Error): void {
    const isNews = error.message !== this.whyDown.message;
    this.whyDown = error;
    if (isNews) this.options.onError(error);
  }
}

function resetSocket(socket: Socket, reason: Error): void {
  // A socket that is reset emits no error, and amqplib would not notice.
  socket.emit('error', reason);
  try {
    // The system sends no more of what it has taken already.
    socket.resetAndDestroy();
  } catch {
    // TLS has no reset.
  }
  socket.destroy();
}
