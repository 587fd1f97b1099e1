import { randomUUID } from 'node:crypto';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { hasUnreadableProperties } from '#libs/broker';
import { DEAD_LETTER_HEADERS } from '#libs/contracts';
import type { LogIds } from '#libs/observability';
import { BackOff, pause, withDeadline, type Clock } from '#libs/timing';
import type { DeadLetter } from '../../intake/dead-letter.js';
import type { EventPipeline } from '../../intake/event-pipeline.js';
import type { IncomingMessage } from '../../intake/incoming-message.js';
import type { HeldMemory, MemoryAccount, MemoryShare } from '../../intake/memory-budget.js';
import type { DecodedMessage } from '../../intake/message-decoder.js';
import { MicroBatcher, type BatchItem } from '../../intake/micro-batcher.js';
import { untilConsumerIsLost } from './consumer-watch.js';
import type { DeadLetterPublisher } from './dead-letter.publisher.js';
import { PendingDeadLetters } from './pending-dead-letters.js';
import type { PrefetchWindow } from './prefetch-window.js';

export interface BatchSettings {
  /** The number of events of a batch. */
  size: number;
  /** Milliseconds. */
  maxAgeMs: number;
}

export interface ConsumerSessionOptions {
  queue: string;
  pipeline: Pick<EventPipeline, 'decode' | 'store'>;
  batch: BatchSettings;
  /** The number of batches that are stored concurrently. They are acknowledged in order. */
  batchesAtOnce: number;
  window: PrefetchWindow;
  deadLetters: Pick<DeadLetterPublisher, 'publish' | 'obstacle'>;
  /** The memory budget of the queue. */
  memory: MemoryShare;
  /** Of the pauses between two attempts to store a batch. @defaultValue the system's */
  clock?: Clock;
  /** How often an idle session asks the broker whether it still has the consumer, in milliseconds. @defaultValue 5,000 */
  checkEveryMs?: number;
  /** Called when storing a batch failed. It is retried. @param ids of the batch */
  onBatchFailure: (error: Error, ids?: LogIds) => void;
  onBatchSuccess(): void;
}

type SessionState =
  | { readonly is: 'opening' }
  | { readonly is: 'consuming'; readonly consumerTag: string }
  | { readonly is: 'renewing' | 'paused' | 'draining' | 'closed' };

const NEXT_STATES: Readonly<Record<SessionState['is'], readonly SessionState['is'][]>> = {
  opening: ['consuming', 'draining', 'closed'],
  consuming: ['renewing', 'draining', 'closed'],
  renewing: ['consuming', 'paused', 'draining', 'closed'],
  paused: ['renewing', 'draining', 'closed'],
  draining: ['closed'],
  closed: [],
};

/** A message that waits to be decoded. */
interface UndecodedDelivery {
  fields: ConsumeMessage['fields'];
  message: IncomingMessage;
  memory: HeldMemory;
  alone: boolean;
}

/** What is kept of a message until it is acknowledged. */
interface Delivery extends BatchItem {
  fields: ConsumeMessage['fields'];
  /** Undefined after its events are stored and only its dead letters are pending. */
  decoded: DecodedMessage | undefined;
  memory: HeldMemory;
  /** Unix milliseconds. */
  arrivedAt: number;
}

/** The deadline of each command to the broker. */
const ANSWER_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;
const PAUSES = { firstMs: 100, longestMs: 5_000 };
/**
 * In a long outage, messages are returned to the queue after this time and delivered again. The broker would close a
 * channel that holds a message for 30 minutes.
 */
const MAX_HOLD_MS = 10 * 60_000;
/** The memory of a pending dead letter without its body. */
const BYTES_PER_LETTER = 1_000;
/** From its third delivery on, a message is handled alone, because it may have caused the earlier failures. */
const DELIVERIES_BEFORE_ISOLATION = 2;

/**
 * One consumer on one channel. Delivery tags are only valid on their channel, so everything that holds them ends with
 * the session. Unacknowledged messages are delivered again to the next session.
 *
 * Its states:
 * - `opening`: the channel and the consumer are being created
 * - `consuming`: the broker delivers messages
 * - `renewing`: the consumer is replaced by one with another prefetch, or a paused session gets a consumer again
 * - `paused`: there is no consumer, because too much memory is held; delivered messages are stored and acknowledged
 * - `draining`: like `paused`, before the session is closed
 * - `closed`: the channel is closed; unacknowledged messages are delivered again to another session
 *
 * The channel is the same from `consuming` to `draining`, so messages can be acknowledged in all of these states.
 */
export class ConsumerSession {
  /** Resolves when the channel is closed, for any reason. */
  readonly ended: Promise<void>;

  private state: SessionState = { is: 'opening' };
  private readonly batcher: MicroBatcher<Delivery>;
  private readonly pending: PendingDeadLetters<Delivery>;
  private readonly memory: MemoryAccount;
  private readonly id = randomUUID().slice(0, 8);
  /** How many have begun. */
  private batches = 0;
  private channel?: Channel;
  private undecoded: UndecodedDelivery[] = [];
  private readonly storing = new Set<readonly Delivery[]>();
  private readonly closing = new AbortController();
  /** The prefetch of the current consumer. */
  private prefetch = 0;
  /** Deliveries of this consumer that wait for their dead letters and use up its prefetch. */
  private lateSinceSubscribed = 0;
  /** Deliveries that are neither acknowledged nor returned. */
  private held = 0;
  private deliveries = 0;

  constructor(private readonly options: ConsumerSessionOptions) {
    this.ended = new Promise((resolve) => this.closing.signal.addEventListener('abort', () => resolve()));
    this.memory = options.memory.open(() => this.onRoom());
    this.batcher = new MicroBatcher<Delivery>({
      ...options.batch,
      atOnce: options.batchesAtOnce,
      handle: (batch, previous) => this.storeCounted(batch, previous),
    });
    this.pending = new PendingDeadLetters({
      publisher: options.deadLetters,
      maxHoldMs: ({ arrivedAt }) => Math.max(0, arrivedAt + MAX_HOLD_MS - Date.now()),
      onLate: (delivery, letters) => this.keepOnlyLetters(delivery, letters),
      onConfirmed: (delivery) => this.settleLate(delivery, (channel, message) => channel.ack(message)),
      onHeldTooLong: (delivery) => this.settleLate(delivery, (channel, message) => channel.nack(message)),
    });
  }

  /** Whether the queue has a consumer, or will have one as soon as there is memory. */
  get isConsuming(): boolean {
    return this.isIn('consuming') || this.isIn('renewing') || this.isIn('paused');
  }

  /** The number of unacknowledged messages. */
  get unacknowledged(): number {
    return this.isIn('closed') ? 0 : this.held;
  }

  /** @throws Error when the broker does not give a channel and a consumer within five seconds each; it is closed then */
  async open(connection: ChannelModel): Promise<void> {
    try {
      const channel = await answered(connection.createChannel(), 'opening a channel');
      channel.on('error', (error: Error) => this.options.onBatchFailure(error));
      if (this.isIn('closed')) return await closed(channel);
      this.channel = channel;
      channel.once('close', () => this.onClosed());
      const consumerTag = await this.subscribe(channel);
      if (!this.become({ is: 'consuming', consumerTag })) return await this.cancel(channel, consumerTag);
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.prefetch !== this.options.window.prefetch) this.renewSoon();
    this.closeWhenLost(connection).catch((error: Error) => this.options.onBatchFailure(error));
  }

  /** Cancels the consumer, stores and acknowledges the delivered messages, and closes. */
  async drain(): Promise<void> {
    const { state } = this;
    this.become({ is: 'draining' });
    if (state.is === 'consuming') await this.cancel(this.channel!, state.consumerTag).catch(() => undefined);
    await this.batcher.drain();
    await this.close();
  }

  /** Returns everything that is not acknowledged to the queue. */
  async close(): Promise<void> {
    this.pending.clear();
    if (!this.isIn('closed') && this.channel !== undefined) await closed(this.channel);
    this.onClosed();
  }

  private async closeWhenLost(connection: ChannelModel): Promise<void> {
    const { queue, checkEveryMs: everyMs } = this.options;
    const deliveries = () => (this.isIn('consuming') && this.held === 0 ? this.deliveries : undefined);
    const { signal } = this.closing;
    if (!(await untilConsumerIsLost({ connection, queue, deliveries, signal, everyMs }))) return;
    this.options.onBatchFailure(new Error(`RabbitMQ has lost the consumer of ${queue} without cancelling it`));
    await this.close();
  }

  /** Changes the state. @returns false if the current state does not allow it, such as any change after `closed` */
  private become(next: SessionState): boolean {
    if (!NEXT_STATES[this.state.is].includes(next.is)) return false;
    this.state = next;
    return true;
  }

  /** A method, because TypeScript would narrow `this.state` across an await. */
  private isIn(state: SessionState['is']): boolean {
    return this.state.is === state;
  }

  private onClosed(): void {
    this.become({ is: 'closed' });
    this.closing.abort();
    this.batcher.clear();
    this.pending.clear();
    this.undecoded = [];
    this.countOnlyStoring();
  }

  /** The session has ended. Only batches that are still being stored hold their messages. */
  private countOnlyStoring(): void {
    this.memory.keepOnly([...this.storing].flat().map(({ memory }) => memory));
  }

  private async subscribe(channel: Channel): Promise<string> {
    const { queue, window } = this.options;
    this.lateSinceSubscribed = 0;
    this.prefetch = window.prefetch;
    await answered(channel.prefetch(this.prefetch), 'setting the prefetch');
    const consuming = channel.consume(queue, (message) => this.onDelivery(channel, message));
    return (await answered(consuming, `consuming ${queue}`)).consumerTag;
  }

  private async cancel(channel: Channel, consumerTag: string): Promise<void> {
    await answered(channel.cancel(consumerTag), 'cancelling a consumer');
  }

  /**
   * Replaces the consumer to change the prefetch, which applies to new consumers only, or pauses while too much memory
   * is held. Delivered messages stay valid, because the channel is the same.
   */
  private async renew(channel: Channel): Promise<void> {
    const { state } = this;
    if (!this.become({ is: 'renewing' })) return;
    let consumerTag = state.is === 'consuming' ? state.consumerTag : undefined;
    try {
      do {
        if (consumerTag !== undefined) await this.cancel(channel, consumerTag);
        if (!this.isIn('renewing')) return;
        if (!this.memory.mayResume) {
          this.become({ is: 'paused' });
          return;
        }
        consumerTag = await this.subscribe(channel);
        // The prefetch may have changed meanwhile. A consumer whose prefetch is used up gets no delivery to notice that.
      } while (!this.isIn('renewing') || this.prefetch !== this.options.window.prefetch);
      this.become({ is: 'consuming', consumerTag });
    } catch {
      await this.close();
    }
  }

  private renewSoon(): void {
    this.renew(this.channel!).catch((error: Error) => this.options.onBatchFailure(error));
  }

  private onDelivery(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      // The broker has cancelled the consumer: the queue was deleted, or its node failed.
      this.close().catch((error: Error) => this.options.onBatchFailure(error));
      return;
    }
    if (this.isIn('closed')) return;
    this.deliveries++;
    const { fields, content } = message;
    const prefetchChanged = this.options.window.observe(content.length);
    const isShort = this.memory.isShortWith(content);
    if (this.memory.mayTake(content)) {
      const memory = this.memory.take(content);
      this.held++;
      this.undecoded.push({
        fields,
        message: toIncoming(this.options.queue, message),
        memory,
        alone: isSuspect(message),
      });
      this.decodeAhead();
    } else {
      // Large messages that follow small ones: the broker had sent them before the prefetch was reduced.
      channel.nack(message);
    }
    if (prefetchChanged || isShort) this.renewSoon();
  }

  private decodeAhead(): void {
    while (this.undecoded.length > 0 && this.memory.mayDecode) {
      const { message, fields, memory, alone } = this.undecoded.shift()!;
      const decoded = this.options.pipeline.decode(message);
      this.memory.addDecoded(memory, decoded.bytes);
      this.batcher.push({ fields, memory, decoded, arrivedAt: message.arrivedAt, weight: decoded.weight, alone });
    }
  }

  private async storeCounted(batch: Delivery[], previous: Promise<void>): Promise<void> {
    this.storing.add(batch);
    await this.storeBatch(batch, previous);
    this.storing.delete(batch);
    if (this.isIn('closed')) this.countOnlyStoring();
  }

  private async storeBatch(batch: Delivery[], previous: Promise<void>): Promise<void> {
    const messages = batch.map(({ decoded }) => decoded!);
    const giveUpAt = Date.now() + MAX_HOLD_MS;
    const backOff = new BackOff(PAUSES);
    const ids = { queue: this.options.queue, batch_id: `${this.id}-${++this.batches}` };
    while (!this.isIn('closed')) {
      try {
        const letters = await this.options.pipeline.store(messages, ids);
        // An acknowledgement covers all deliveries before it.
        await previous;
        if (this.isIn('closed')) return;
        const lettersOf = new Map<Delivery, DeadLetter[]>();
        for (const [index, own] of letters.entries()) if (own.length > 0) lettersOf.set(batch[index]!, own);
        if (lettersOf.size > 0) await this.pending.publish(lettersOf);
        this.acknowledge(batch);
        this.options.onBatchSuccess();
        return;
      } catch (error) {
        if (this.isIn('closed')) return;
        this.options.onBatchFailure(error as Error, ids);
        if (this.isIn('draining') || Date.now() > giveUpAt) return this.close();
        await pause(backOff.next(), this.closing.signal, this.options.clock);
        if (this.isIn('draining')) return this.close();
      }
    }
  }

  private acknowledge(batch: readonly Delivery[]): void {
    if (this.isIn('closed')) return;
    if (this.pending.size === 0) {
      // Batches are consecutive deliveries of the channel, so one acknowledgement covers the batch.
      this.channel!.ack(messageOf(batch.at(-1)!), true);
      this.release(batch);
      return;
    }
    const done = batch.filter((delivery) => !this.pending.has(delivery));
    // One by one, because a multiple acknowledgement would include the deliveries that wait.
    for (const delivery of done) this.channel!.ack(messageOf(delivery));
    this.release(done);
  }

  private release(deliveries: readonly Delivery[]): void {
    for (const { memory } of deliveries) this.memory.release(memory);
    this.held -= deliveries.length;
    this.decodeAhead();
    this.memory.notifyRoom();
  }

  /** Resumes if there is memory again, which another queue may have freed. */
  private onRoom(): void {
    if (this.isIn('paused') && this.memory.mayResume) this.renewSoon();
  }

  /** The events of the delivery are stored and its dead letters are pending, so it only holds their memory. */
  private keepOnlyLetters(delivery: Delivery, letters: readonly DeadLetter[]): void {
    let bytes = 0;
    for (const letter of letters) {
      // A small body is a view of a larger buffer.
      letter.content = Buffer.from(letter.content);
      bytes += letter.content.length + BYTES_PER_LETTER;
    }
    this.memory.shrink(delivery.memory, bytes);
    delivery.decoded = undefined;
    this.memory.notifyRoom();
    // A new consumer has its whole prefetch for other messages.
    this.lateSinceSubscribed++;
    if (this.lateSinceSubscribed >= this.options.window.prefetch / 2) this.renewSoon();
  }

  private settleLate(delivery: Delivery, settle: (channel: Channel, message: ConsumeMessage) => void): void {
    if (this.isIn('closed')) return;
    try {
      settle(this.channel!, messageOf(delivery));
    } catch {
      // The channel is closing; the message is delivered again.
      return;
    }
    this.release([delivery]);
  }
}

/** The part of a message that amqplib needs to acknowledge it. */
function messageOf({ fields }: Delivery): ConsumeMessage {
  return { fields } as ConsumeMessage;
}

function answered<T>(work: PromiseLike<T>, what: string): Promise<T> {
  return withDeadline({ what, ms: ANSWER_TIMEOUT_MS }, Promise.resolve(work));
}

async function closed(channel: Channel): Promise<void> {
  await withDeadline({ what: 'closing a channel', ms: CLOSE_TIMEOUT_MS }, channel.close()).catch(() => undefined);
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
    replayCount: replayCountOf(message),
    hasUnreadableProperties: hasUnreadableProperties(message),
    arrivedAt: Date.now(),
  };
}

function replayCountOf({ properties }: ConsumeMessage): number | undefined {
  const count: unknown = properties.headers?.[DEAD_LETTER_HEADERS.replayCount];
  return Number.isSafeInteger(count) ? (count as number) : undefined;
}

/** The body of a small message is a view of all that came with it over the connection, and keeps the whole of it. */
function ownCopy(content: Buffer): Buffer {
  return content.length < content.buffer.byteLength / 2 ? Buffer.from(content) : content;
}
