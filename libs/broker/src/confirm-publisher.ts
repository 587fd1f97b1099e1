import type { ChannelModel, ConfirmChannel, Message, Options } from 'amqplib';
import type { StatisticsContract } from '#libs/contracts';
import { withDeadline, type Clock } from '#libs/timing';
import { BrokerConnection } from './broker-connection.js';
import { declareTopology } from './declare-topology.js';
import { QueueDepths } from './queue-depths.js';

export interface ConfirmPublisherOptions {
  /** AMQP 0-9-1 URLs of the nodes of one cluster, tried in turn. */
  urls: readonly string[];
  /** Shown in the broker's list of connections. */
  name: string;
  /** Its topology is declared on every new connection. Without it, nothing is declared. */
  contract?: StatisticsContract;
  onError(error: Error): void;
  /** Called with a reason when the broker blocks publishing, and without one when it unblocks it. */
  onAlarm(reason?: string): void;
  /** Of the pauses between two connections. @defaultValue the system's */
  clock?: Clock;
  /** Called after a reconnect. */
  onReconnect?(): void;
}

/** Publishing is not possible now. Nothing of the message was sent. */
export class CannotPublishError extends Error {
  override readonly name = 'CannotPublishError';
}

/** No queue takes the message. */
export class UnroutableError extends Error {
  override readonly name = 'UnroutableError';
}

/** A message that the broker has not confirmed yet. */
interface Unconfirmed {
  content: Buffer;
  routingKey: string;
  messageId: string | undefined;
  /** No queue takes it; the confirm is still due. */
  isReturned: boolean;
  /** `performance.now()`. */
  since: number;
  bytes: number;
}

/** The limit for messages that the broker has not confirmed. Above it, publishing is refused. */
const MAX_UNCONFIRMED_BYTES = 16 * 1_048_576;
/** Without a confirm for this long, and without an alarm, the connection is replaced. */
const CONFIRM_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;
const CHECK_INTERVAL_MS = 1_000;

/**
 * Publishes with confirms on a separate connection. While RabbitMQ is low on memory or disk, it stops reading from
 * connections that publish, and publishes what they wrote only after the alarm. So nothing is written during an alarm.
 */
export class ConfirmPublisher {
  readonly depths: QueueDepths;
  private readonly connection: BrokerConnection;
  private channel?: ConfirmChannel;
  private alarmChannel?: ConfirmChannel;
  private readonly unconfirmed = new Set<Unconfirmed>();
  private unconfirmedBytes = 0;
  /** The client's write buffer is full. */
  private isFull = false;
  private lastPublishedAt = 0;
  private readonly waiting = new Set<() => void>();
  private checks?: NodeJS.Timeout;

  constructor(private readonly options: ConfirmPublisherOptions) {
    this.connection = new BrokerConnection({
      urls: options.urls,
      name: options.name,
      clock: options.clock,
      onConnect: (connection) => this.openChannels(connection),
      onError: (error) => options.onError(error),
      onAlarm: (reason) => this.onAlarm(reason),
      onReconnect: () => options.onReconnect?.(),
    });
    // During an alarm, the broker does not read from connections that publish.
    this.depths = new QueueDepths(() => (this.obstacle === undefined ? this.connection.current : undefined));
  }

  /** Connects in the background. */
  start(): void {
    this.checks ??= setInterval(() => this.check(), CHECK_INTERVAL_MS).unref();
    this.connection.start();
  }

  /** Why publishing is not possible now; undefined if it is. */
  get obstacle(): string | undefined {
    if (this.connection.alarm !== undefined) return `it has raised an alarm: ${this.connection.alarm}`;
    return this.channel === undefined ? this.connection.failure.message : undefined;
  }

  /**
   * Resolves when the broker has confirmed the message.
   *
   * @throws CannotPublishError immediately, during an alarm, without a connection, or with too many unconfirmed bytes
   * @throws UnroutableError if no queue accepts a `mandatory` message, and this publisher declares no topology
   * @throws Error when the broker rejects the message or the connection is lost. If this publisher declares the topology,
   *   the return of a `mandatory` message also resets the connection
   */
  publish(exchange: string, routingKey: string, content: Buffer, properties: Options.Publish): Promise<void> {
    const { channel } = this;
    const refusal = this.obstacle ?? (this.hasRoom ? undefined : 'too many unconfirmed messages');
    if (refusal !== undefined || channel === undefined) return Promise.reject(new CannotPublishError(refusal));
    return new Promise((resolve, reject) => {
      const message: Unconfirmed = {
        content,
        routingKey,
        messageId: properties.messageId,
        isReturned: false,
        since: performance.now(),
        bytes: content.length,
      };
      this.unconfirmed.add(message);
      this.unconfirmedBytes += message.bytes;
      this.lastPublishedAt = message.since;
      const settle = (error: unknown) => {
        this.unconfirmed.delete(message);
        this.unconfirmedBytes -= message.bytes;
        if (error) reject(error instanceof Error ? error : new Error('the broker rejected the message'));
        else if (message.isReturned) reject(new UnroutableError('no queue accepts the message'));
        else resolve();
        if (this.unconfirmedBytes <= MAX_UNCONFIRMED_BYTES / 2) this.wakeWaiting();
      };
      try {
        if (!channel.publish(exchange, routingKey, content, properties, settle)) this.isFull = true;
      } catch (error) {
        settle(error);
      }
    });
  }

  /** Resolves when publishing is possible, or when the signal aborts. */
  async untilOpen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (this.obstacle !== undefined || !this.hasRoom)) {
      await new Promise<void>((resolve) => {
        const done = () => {
          this.waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.waiting.add(done);
        signal.addEventListener('abort', done);
      });
    }
  }

  /** Discards bytes in the write buffer, if there are any, by resetting the connection. */
  discardUnsent(reason: Error): void {
    if (this.connection.hasUnsentBytes) this.connection.reset(reason);
  }

  async close(): Promise<void> {
    clearInterval(this.checks);
    const { channel } = this;
    this.channel = undefined;
    // Outstanding confirms arrive before the channel's closing handshake ends. During an alarm, none arrive.
    if (channel !== undefined && this.connection.alarm === undefined) {
      await withDeadline({ what: 'closing the channel', ms: CLOSE_TIMEOUT_MS }, channel.close()).catch(() => undefined);
    }
    await this.connection.close();
  }

  private get hasRoom(): boolean {
    return !this.isFull && this.unconfirmedBytes < MAX_UNCONFIRMED_BYTES;
  }

  private async openChannels(connection: ChannelModel): Promise<void> {
    const { contract } = this.options;
    if (contract !== undefined) await declareTopology(connection, contract);
    const channel = await connection.createConfirmChannel();
    let isOpen = true;
    channel.on('error', (error: Error) => this.options.onError(error));
    channel.on('drain', () => {
      this.isFull = false;
      this.wakeWaiting();
    });
    channel.on('return', (message: Message) => {
      if (contract === undefined) this.noteReturn(message);
      // A queue was deleted. The next connection declares it again.
      else this.connection.reset(new Error('a message was returned because no queue accepts it'));
    });
    channel.once('close', () => {
      isOpen = false;
      if (this.channel !== channel) return;
      this.channel = undefined;
      // Reconnecting is the simplest way to get a new channel.
      this.connection.reset(new Error('the channel was closed'));
    });
    await this.openAlarmChannel(connection);
    if (!isOpen) throw new Error('the channel was closed before it could be used');
    this.isFull = false;
    this.channel = channel;
    this.wakeWaiting();
  }

  /** A return does not identify the message. Of two identical messages, either can be marked. */
  private noteReturn({ content, fields, properties }: Message): void {
    for (const message of this.unconfirmed) {
      const { routingKey, messageId, isReturned } = message;
      if (isReturned || routingKey !== fields.routingKey || messageId !== properties.messageId) continue;
      if (!message.content.equals(content)) continue;
      message.isReturned = true;
      return;
    }
  }

  /** Resolves when it is known whether the broker has raised an alarm. */
  private async openAlarmChannel(connection: ChannelModel): Promise<void> {
    const channel = await connection.createConfirmChannel();
    // Without permission to write to the default exchange, an alarm is only detected when an event is published.
    channel.on('error', () => undefined);
    const alarmed = new Promise<void>((resolve) => connection.once('blocked', () => resolve()));
    const closed = new Promise<void>((resolve) => {
      channel.once('close', () => {
        if (this.alarmChannel === channel) this.alarmChannel = undefined;
        resolve();
      });
    });
    this.alarmChannel = channel;
    await Promise.race([this.probeForAlarm(), alarmed, closed]);
  }

  /** Publishes an unroutable message, because the broker reports an alarm only to connections that publish. */
  private probeForAlarm(): Promise<void> {
    return new Promise((resolve) => {
      this.lastPublishedAt = performance.now();
      this.alarmChannel?.publish('', 'serverstats.nobody', Buffer.alloc(0), {}, () => resolve());
    });
  }

  private check(): void {
    if (this.channel === undefined || this.connection.alarm !== undefined) return;
    const now = performance.now();
    const [oldest] = this.unconfirmed;
    if (oldest !== undefined && now - oldest.since > CONFIRM_TIMEOUT_MS) {
      this.connection.reset(new Error(`no publisher confirm within ${CONFIRM_TIMEOUT_MS} ms`));
    } else if (now - this.lastPublishedAt >= CHECK_INTERVAL_MS) {
      // This fails if the channel closes at this moment; its 'close' event handles that.
      this.probeForAlarm().catch(() => undefined);
    }
  }

  private onAlarm(reason: string | undefined): void {
    this.options.onAlarm(reason);
    if (reason !== undefined) return;
    // The broker did not read during the alarm, so the timeouts start again.
    const now = performance.now();
    for (const message of this.unconfirmed) message.since = now;
    this.wakeWaiting();
  }

  private wakeWaiting(): void {
    if (this.waiting.size === 0 || this.obstacle !== undefined || !this.hasRoom) return;
    for (const wake of [...this.waiting]) wake();
  }
}
