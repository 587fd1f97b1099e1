import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { hasUnreadableProperties } from '#libs/broker';
import { DEAD_LETTERS } from '#libs/contracts';
import type { DeadLetter } from '../messages/dead-letter.js';
import type { IncomingMessage } from '../messages/incoming-message.js';
import { MicroBatcher } from '../messages/micro-batcher.js';
import type { QueueHandler, ReadMessage } from '../messages/queue-handler.js';
import type { MemoryShare } from './memory-budget.js';
import type { PrefetchWindow } from './prefetch-window.js';

export interface BatchSettings {
  /** Events a batch. */
  size: number;
  /** Milliseconds. */
  maxAgeMs: number;
}

export interface ConsumerSessionOptions {
  handler: Pick<QueueHandler, 'queue' | 'read' | 'handle'>;
  batch: BatchSettings;
  /** Batches that are handled at the same time; they are acknowledged in order. */
  batchesAtOnce: number;
  window: PrefetchWindow;
  /** How much of the queue may be held. */
  memory: MemoryShare;
  /** Called when a batch could not be handled; it is tried again. */
  onBatchFailure(error: Error): void;
  onBatchSuccess(): void;
}

/** A message that waits to be read. */
interface UnreadDelivery {
  fields: ConsumeMessage['fields'];
  message: IncomingMessage;
  /** What it takes in memory as it came, roughly. */
  bytes: number;
  alone: boolean;
}

/** What is kept of a message until it is acknowledged. */
interface Delivery {
  fields: ConsumeMessage['fields'];
  /** What it takes in memory as it came, roughly. */
  bytes: number;
  read: ReadMessage;
  /** What it takes beside that since it was read, roughly, in bytes. */
  cost: number;
  weight: number;
  alone: boolean;
}

const MIB = 1_048_576;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/**
 * The broker closes channels that hold a message for 30 minutes. In a long outage messages are returned well before,
 * and taken again.
 */
const LONGEST_HOLD_MS = 10 * 60_000;
/**
 * A packed array of a few kilobytes may become a megabyte of objects. Messages wait as the bytes they came as; only so
 * much of them is read ahead.
 */
const MAX_READ_BYTES = 16 * MIB;
const BYTES_PER_EVENT = 1_000;
/** Of a delivery beside its body: its fields, the properties that are kept, the objects around them. */
const BYTES_PER_MESSAGE = 1_000;
/** A message of the largest size takes less than this when it is read: its text, 1,000 events, or as many dead letters. */
const ROOM_TO_READ_BYTES = 6 * MIB;
/** The consumer goes on when this much is free. It is less than what is reserved for each queue. */
const ROOM_TO_GO_ON_BYTES = 10 * MIB;
/** From its third delivery on a message is handled alone: it may be what stopped the earlier ones. */
const DELIVERIES_BEFORE_ISOLATION = 2;

/**
 * One consumer on one channel. Delivery tags mean nothing beyond their channel, so everything that holds some lives
 * and ends with the session; the next session gets what was not acknowledged again.
 */
export class ConsumerSession {
  /** Resolves when the channel is gone, whatever the reason. */
  readonly ended: Promise<void>;

  private readonly batcher: MicroBatcher<Delivery>;
  private channel?: ConfirmChannel;
  private consumerTag?: string;
  /** Delivered, but not read yet. */
  private unread: UnreadDelivery[] = [];
  /** The sum of `bytes` of all that is held, and of `cost` of what was read. */
  private heldBytes = 0;
  private readBytes = 0;
  private readonly handling = new Set<readonly Delivery[]>();
  private isOpen = true;
  private isDraining = false;
  private isPaused = false;
  private isSubscribing = false;
  private deadLetterReturned = false;
  private end!: () => void;

  constructor(private readonly options: ConsumerSessionOptions) {
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.batcher = new MicroBatcher<Delivery>({
      ...options.batch,
      atOnce: options.batchesAtOnce,
      handle: (batch, previous) => this.handleCounted(batch, previous),
    });
  }

  /** What is held, in bytes. */
  get memoryBytes(): number {
    return this.heldBytes + this.readBytes;
  }

  get isConsuming(): boolean {
    return this.isOpen && this.consumerTag !== undefined;
  }

  async open(connection: ChannelModel): Promise<void> {
    const channel = await connection.createConfirmChannel();
    this.channel = channel;
    this.options.memory.add(this);
    channel.on('error', (error: Error) => this.options.onBatchFailure(error));
    channel.once('close', () => this.onClosed());
    channel.on('return', () => (this.deadLetterReturned = true));
    if (this.isDraining) await this.close();
    else await this.subscribe(channel);
  }

  /** Takes no more, handles what is here, acknowledges it and closes. */
  async drain(): Promise<void> {
    this.isDraining = true;
    if (this.isConsuming) await this.channel?.cancel(this.consumerTag!).catch(() => undefined);
    this.consumerTag = undefined;
    await this.batcher.drain();
    await this.close();
  }

  /** Returns everything that is not acknowledged to the queue. */
  async close(): Promise<void> {
    if (this.isOpen) await this.channel?.close().catch(() => undefined);
    this.onClosed();
  }

  private onClosed(): void {
    this.isOpen = false;
    this.consumerTag = undefined;
    this.batcher.clear();
    this.unread = [];
    this.countOnlyHandling();
    this.end();
  }

  /** The session is over. Only batches that are still being handled keep their messages. */
  private countOnlyHandling(): void {
    const deliveries = [...this.handling].flat();
    this.heldBytes = deliveries.reduce((sum, { bytes }) => sum + bytes, 0);
    this.readBytes = deliveries.reduce((sum, { cost }) => sum + cost, 0);
    if (deliveries.length === 0) this.options.memory.remove(this);
  }

  private async subscribe(channel: ConfirmChannel): Promise<void> {
    const { handler, window } = this.options;
    await channel.prefetch(window.prefetch);
    const { consumerTag } = await channel.consume(handler.queue, (message) => this.onDelivery(channel, message));
    this.consumerTag = consumerTag;
    if (this.isDraining) await channel.cancel(consumerTag);
  }

  /**
   * Takes a new prefetch, which applies to new consumers only, or pauses while too much is held. What was delivered
   * stays valid: the channel is the same.
   */
  private async resubscribe(channel: ConfirmChannel): Promise<void> {
    if (this.isSubscribing || !this.isConsuming || this.isDraining) return;
    this.isSubscribing = true;
    try {
      if (!this.isPaused) await channel.cancel(this.consumerTag!);
      this.isPaused = this.options.memory.freeBytes < ROOM_TO_GO_ON_BYTES;
      if (!this.isPaused && !this.isDraining) await this.subscribe(channel);
    } catch {
      await this.close();
    } finally {
      this.isSubscribing = false;
    }
  }

  private onDelivery(channel: ConfirmChannel, message: ConsumeMessage | null): void {
    if (message === null) {
      // The broker has cancelled the consumer: the queue was deleted, or its node went away.
      void this.close();
      return;
    }
    if (!this.isOpen) return;
    const { fields, content } = message;
    const bytes = content.length + BYTES_PER_MESSAGE;
    const prefetchChanged = this.options.window.observe(content.length);
    if (this.heldBytes > 0 && bytes > this.options.memory.freeBytes) {
      // Large messages after small ones: the broker had sent them before the prefetch could follow.
      channel.nack(message);
    } else {
      this.heldBytes += bytes;
      const incoming = toIncoming(this.options.handler.queue, message);
      this.unread.push({ fields, message: incoming, bytes, alone: isSuspect(message) });
      this.readAhead();
    }
    if (prefetchChanged || this.options.memory.freeBytes < ROOM_TO_READ_BYTES) void this.resubscribe(channel);
  }

  private readAhead(): void {
    while (this.unread.length > 0 && this.mayRead()) {
      const { message, fields, bytes, alone } = this.unread.shift()!;
      const read = this.options.handler.read(message);
      const weight = Math.max(1, read.events.length + read.deadLetters.length);
      const cost = read.keptBytes + weight * BYTES_PER_EVENT;
      this.readBytes += cost;
      this.batcher.push({ fields, bytes, read, cost, weight, alone });
    }
  }

  /** One message may always be read, or nothing would ever be acknowledged. */
  private mayRead(): boolean {
    if (this.readBytes === 0) return true;
    return this.readBytes < MAX_READ_BYTES && this.options.memory.freeBytes >= ROOM_TO_READ_BYTES;
  }

  private async handleCounted(batch: Delivery[], previous: Promise<void>): Promise<void> {
    this.handling.add(batch);
    await this.handleBatch(batch, previous);
    this.handling.delete(batch);
    if (!this.isOpen) this.countOnlyHandling();
  }

  private async handleBatch(batch: Delivery[], previous: Promise<void>): Promise<void> {
    const giveUpAt = Date.now() + LONGEST_HOLD_MS;
    for (let pause = FIRST_PAUSE_MS; this.isOpen; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        const reads = batch.map((delivery) => delivery.read);
        const refused = await this.options.handler.handle(reads);
        // An acknowledgement covers all deliveries before it.
        await previous;
        if (!this.isOpen) return;
        await this.publishDeadLetters([...reads.flatMap((read) => read.deadLetters), ...refused]);
        this.acknowledge(batch);
        this.options.onBatchSuccess();
        return;
      } catch (error) {
        if (!this.isOpen) return;
        this.options.onBatchFailure(error as Error);
        if (this.isDraining || Date.now() > giveUpAt) return this.close();
        await Promise.race([sleep(pause * (0.5 + Math.random() / 2)), this.ended]);
        if (this.isDraining) return this.close();
      }
    }
  }

  /** Resolves when the broker has confirmed all of them, and none came back for want of a queue. */
  private async publishDeadLetters(letters: readonly DeadLetter[]): Promise<void> {
    this.deadLetterReturned = false;
    await Promise.all(
      letters.map(
        ({ content, routingKey, ...properties }) =>
          new Promise<void>((resolve, reject) => {
            const settle = (error: unknown) => (error ? reject(error as Error) : resolve());
            const options = { persistent: true, mandatory: true, ...properties };
            this.channel!.publish(DEAD_LETTERS, routingKey, content, options, settle);
          }),
      ),
    );
    if (this.deadLetterReturned) {
      // The next session declares the queue again.
      await this.close();
      throw new Error(`the queue ${DEAD_LETTERS} is gone`);
    }
  }

  private acknowledge(batch: readonly Delivery[]): void {
    if (!this.isOpen) return;
    // Batches are whole stretches of the channel's deliveries, in order.
    this.channel!.ack({ fields: batch.at(-1)!.fields } as ConsumeMessage, true);
    for (const { bytes, cost } of batch) {
      this.heldBytes -= bytes;
      this.readBytes -= cost;
    }
    this.readAhead();
    if (this.isPaused && this.options.memory.freeBytes >= ROOM_TO_GO_ON_BYTES) void this.resubscribe(this.channel!);
  }
}

function isSuspect(message: ConsumeMessage): boolean {
  const deliveries: unknown = message.properties.headers?.['x-delivery-count'];
  return typeof deliveries === 'number' && deliveries >= DELIVERIES_BEFORE_ISOLATION;
}

function toIncoming(queue: string, message: ConsumeMessage): IncomingMessage {
  const { content, fields, properties } = message;
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  const timestamp: unknown = properties.timestamp;
  return {
    queue,
    content: ownCopy(content),
    routingKey: fields.routingKey,
    contentType: text(properties.contentType),
    contentEncoding: text(properties.contentEncoding),
    messageId: text(properties.messageId),
    timestamp: typeof timestamp === 'number' ? timestamp : undefined,
    hasUnreadableProperties: hasUnreadableProperties(message),
    arrivedAt: Date.now(),
  };
}

/** The body of a small message is a view of all that came with it over the connection, and keeps the whole of it. */
function ownCopy(content: Buffer): Buffer {
  return content.length < content.buffer.byteLength / 2 ? Buffer.from(content) : content;
}
