import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { hasUnreadableProperties } from '#libs/broker';
import { BackOff, pause, withDeadline } from '#libs/timing';
import type { DeadLetter } from '../../intake/dead-letter.js';
import type { IncomingMessage } from '../../intake/incoming-message.js';
import { MicroBatcher } from '../../intake/micro-batcher.js';
import type { QueueHandler, ReadMessage } from '../../intake/queue-handler.js';
import type { DeadLetterPublisher } from './dead-letter.publisher.js';
import type { MemoryShare } from '../../intake/memory-budget.js';
import { PendingDeadLetters } from './pending-dead-letters.js';
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
  deadLetters: Pick<DeadLetterPublisher, 'publish' | 'obstacle'>;
  /** How much of the queue may be held. */
  memory: MemoryShare;
  /** Called when a batch could not be handled; it is tried again. */
  onBatchFailure: (error: Error) => void;
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
  /** Unix milliseconds. */
  arrivedAt: number;
  /** What it takes beside that since it was read, roughly, in bytes. */
  cost: number;
  weight: number;
  alone: boolean;
}

/** For the broker to answer: opening and closing channels, beginning and ending to consume. */
const ANSWER_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;
const MIB = 1_048_576;
const PAUSES = { firstMs: 100, longestMs: 5_000 };
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
  private readonly pending: PendingDeadLetters<Delivery>;
  private channel?: Channel;
  private consumerTag?: string;
  /** Delivered, but not read yet. */
  private unread: UnreadDelivery[] = [];
  /** The sum of `bytes` of all that is held, and of `cost` of what was read. */
  private heldBytes = 0;
  private readBytes = 0;
  private readonly handling = new Set<readonly Delivery[]>();
  private readonly closing = new AbortController();
  private isDraining = false;
  private isPaused = false;
  private isSubscribing = false;
  /** Of the consumer. */
  private prefetch = 0;
  /** Deliveries of this consumer that wait for their dead letters, and take up its prefetch. */
  private lateSinceSubscribed = 0;
  private end!: () => void;

  constructor(private readonly options: ConsumerSessionOptions) {
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.batcher = new MicroBatcher<Delivery>({
      ...options.batch,
      atOnce: options.batchesAtOnce,
      handle: (batch, previous) => this.handleCounted(batch, previous),
    });
    this.pending = new PendingDeadLetters({
      publisher: options.deadLetters,
      longestHoldMs: ({ arrivedAt }) => Math.max(0, arrivedAt + LONGEST_HOLD_MS - Date.now()),
      onLate: (delivery, letters) => this.keepOnlyLetters(delivery, letters),
      onTaken: (delivery) => this.settleLate(delivery, (channel, message) => channel.ack(message)),
      onHeldTooLong: (delivery) => this.settleLate(delivery, (channel, message) => channel.nack(message)),
    });
  }

  /** What is held, in bytes. */
  get memoryBytes(): number {
    return this.heldBytes + this.readBytes;
  }

  get isConsuming(): boolean {
    return this.isOpen && this.consumerTag !== undefined;
  }

  /** Goes on where there is room again, which another queue may have given back. */
  onRoom(): void {
    if (this.isPaused && this.options.memory.freeBytes >= ROOM_TO_GO_ON_BYTES)
      this.resubscribe(this.channel!).catch(this.options.onBatchFailure);
  }

  async open(connection: ChannelModel): Promise<void> {
    const channel = await answered(connection.createChannel(), 'opening a channel');
    this.channel = channel;
    this.options.memory.add(this);
    channel.on('error', (error: Error) => this.options.onBatchFailure(error));
    channel.once('close', () => this.onClosed());
    if (this.isDraining) await this.close();
    else await this.subscribe(channel);
  }

  /** Takes no more, handles what is here, acknowledges it and closes. */
  async drain(): Promise<void> {
    this.isDraining = true;
    if (this.isConsuming) await this.cancel(this.channel!).catch(() => undefined);
    this.consumerTag = undefined;
    await this.batcher.drain();
    await this.close();
  }

  /** Returns everything that is not acknowledged to the queue. */
  async close(): Promise<void> {
    this.pending.clear();
    if (this.isOpen && this.channel !== undefined) {
      await withDeadline({ what: 'closing a channel', ms: CLOSE_TIMEOUT_MS }, this.channel.close()).catch(
        () => undefined,
      );
    }
    this.onClosed();
  }

  private get isOpen(): boolean {
    return !this.closing.signal.aborted;
  }

  private onClosed(): void {
    this.closing.abort();
    this.consumerTag = undefined;
    this.batcher.clear();
    this.pending.clear();
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
    this.options.memory.tellOfRoom();
  }

  private async subscribe(channel: Channel): Promise<void> {
    const { handler, window } = this.options;
    this.lateSinceSubscribed = 0;
    this.prefetch = window.prefetch;
    await answered(channel.prefetch(this.prefetch), 'setting the prefetch');
    const consuming = channel.consume(handler.queue, (message) => this.onDelivery(channel, message));
    const { consumerTag } = await answered(consuming, `consuming ${handler.queue}`);
    this.consumerTag = consumerTag;
    if (this.isDraining) await this.cancel(channel);
  }

  private async cancel(channel: Channel): Promise<void> {
    await answered(channel.cancel(this.consumerTag!), 'cancelling a consumer');
  }

  /**
   * Takes a new prefetch, which applies to new consumers only, or pauses while too much is held. What was delivered
   * stays valid: the channel is the same.
   */
  private async resubscribe(channel: Channel): Promise<void> {
    if (this.isSubscribing || !this.isConsuming || this.isDraining) return;
    this.isSubscribing = true;
    try {
      do {
        if (!this.isPaused) await this.cancel(channel);
        this.isPaused = this.options.memory.freeBytes < ROOM_TO_GO_ON_BYTES;
        if (!this.isPaused && !this.isDraining) await this.subscribe(channel);
        // It may have changed meanwhile, and no delivery would tell where a consumer has all it may have.
      } while (
        this.isConsuming &&
        !this.isPaused &&
        !this.isDraining &&
        this.prefetch !== this.options.window.prefetch
      );
    } catch {
      await this.close();
    } finally {
      this.isSubscribing = false;
    }
  }

  private onDelivery(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      // The broker has cancelled the consumer: the queue was deleted, or its node went away.
      this.close().catch(this.options.onBatchFailure);
      return;
    }
    if (!this.isOpen) return;
    const { fields, content } = message;
    const bytes = content.length + BYTES_PER_MESSAGE;
    const prefetchChanged = this.options.window.observe(content.length);
    const { freeBytes } = this.options.memory;
    if (this.heldBytes > 0 && bytes > freeBytes) {
      // Large messages after small ones: the broker had sent them before the prefetch could follow.
      channel.nack(message);
    } else {
      this.heldBytes += bytes;
      const incoming = toIncoming(this.options.handler.queue, message);
      this.unread.push({ fields, message: incoming, bytes, alone: isSuspect(message) });
      this.readAhead();
    }
    if (prefetchChanged || freeBytes - bytes < ROOM_TO_READ_BYTES)
      this.resubscribe(channel).catch(this.options.onBatchFailure);
  }

  private readAhead(): void {
    while (this.unread.length > 0 && this.mayRead()) {
      const { message, fields, bytes, alone } = this.unread.shift()!;
      const read = this.options.handler.read(message);
      const weight = Math.max(1, read.events.length + read.deadLetters.length);
      const cost = read.keptBytes + weight * BYTES_PER_EVENT;
      this.readBytes += cost;
      this.batcher.push({ fields, bytes, read, arrivedAt: message.arrivedAt, cost, weight, alone });
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
    const backOff = new BackOff(PAUSES);
    while (this.isOpen) {
      try {
        const reads = batch.map((delivery) => delivery.read);
        const refused = await this.options.handler.handle(reads);
        // An acknowledgement covers all deliveries before it.
        await previous;
        if (!this.isOpen) return;
        const lettersOf = lettersByDelivery(batch, refused);
        if (lettersOf.size > 0) await this.pending.publish(lettersOf);
        this.acknowledge(batch);
        this.options.onBatchSuccess();
        return;
      } catch (error) {
        if (!this.isOpen) return;
        this.options.onBatchFailure(error as Error);
        if (this.isDraining || Date.now() > giveUpAt) return this.close();
        await pause(backOff.next(), this.closing.signal);
        if (this.isDraining) return this.close();
      }
    }
  }

  private acknowledge(batch: readonly Delivery[]): void {
    if (!this.isOpen) return;
    if (this.pending.size === 0) {
      // Batches are whole stretches of the channel's deliveries, in order.
      this.channel!.ack(messageOf(batch.at(-1)!), true);
      this.release(batch);
      return;
    }
    const done = batch.filter((delivery) => !this.pending.has(delivery));
    // One by one: an acknowledgement of several would cover those that wait.
    for (const delivery of done) this.channel!.ack(messageOf(delivery));
    this.release(done);
  }

  private release(deliveries: readonly Delivery[]): void {
    for (const { bytes, cost } of deliveries) {
      this.heldBytes -= bytes;
      this.readBytes -= cost;
    }
    this.readAhead();
    this.options.memory.tellOfRoom();
  }

  /** The delivery waits for its dead letters: its events are stored, and it takes no more memory than its letters. */
  private keepOnlyLetters(delivery: Delivery, letters: readonly DeadLetter[]): void {
    let bytes = 0;
    for (const letter of letters) {
      // A small body is a part of all that came with it.
      letter.content = Buffer.from(letter.content);
      bytes += letter.content.length + BYTES_PER_EVENT;
    }
    this.heldBytes += bytes - delivery.bytes;
    this.readBytes -= delivery.cost;
    delivery.bytes = bytes;
    delivery.cost = 0;
    delivery.read = { events: [], deadLetters: [], keptBytes: 0 };
    // A new consumer has its whole prefetch for messages that do not wait.
    this.lateSinceSubscribed++;
    if (this.lateSinceSubscribed >= this.options.window.prefetch / 2)
      this.resubscribe(this.channel!).catch(this.options.onBatchFailure);
  }

  private settleLate(delivery: Delivery, settle: (channel: Channel, message: ConsumeMessage) => void): void {
    if (!this.isOpen) return;
    try {
      settle(this.channel!, messageOf(delivery));
    } catch {
      // The channel is about to end; the message comes again.
      return;
    }
    this.release([delivery]);
  }
}

/** All that amqplib needs of a message to acknowledge it. */
function messageOf({ fields }: Delivery): ConsumeMessage {
  return { fields } as ConsumeMessage;
}

function answered<T>(work: PromiseLike<T>, what: string): Promise<T> {
  return withDeadline({ what, ms: ANSWER_TIMEOUT_MS }, Promise.resolve(work));
}

/** The dead letters of each delivery that has some. */
function lettersByDelivery(batch: readonly Delivery[], refused: readonly DeadLetter[]): Map<Delivery, DeadLetter[]> {
  const lettersOf = new Map<Delivery, DeadLetter[]>();
  for (const delivery of batch) {
    if (delivery.read.deadLetters.length > 0) lettersOf.set(delivery, [...delivery.read.deadLetters]);
  }
  if (refused.length === 0) return lettersOf;
  const byTag = new Map(batch.map((delivery) => [delivery.fields.deliveryTag, delivery]));
  for (const letter of refused) {
    const delivery = byTag.get(letter.tag);
    if (delivery === undefined) throw new Error('a dead letter comes from no message of its batch');
    const letters = lettersOf.get(delivery);
    if (letters === undefined) lettersOf.set(delivery, [letter]);
    else letters.push(letter);
  }
  return lettersOf;
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
    tag: fields.deliveryTag,
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
