import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { hasUnreadableProperties } from '#libs/broker';
import { DEAD_LETTER_HEADERS } from '#libs/contracts';
import { BackOff, pause, withDeadline } from '#libs/timing';
import type { DeadLetter } from '../../intake/dead-letter.js';
import type { EventPipeline } from '../../intake/event-pipeline.js';
import type { IncomingMessage } from '../../intake/incoming-message.js';
import type { HeldMemory, MemoryAccount, MemoryShare } from '../../intake/memory-budget.js';
import type { DecodedMessage } from '../../intake/message-decoder.js';
import { MicroBatcher, type BatchItem } from '../../intake/micro-batcher.js';
import type { DeadLetterPublisher } from './dead-letter.publisher.js';
import { PendingDeadLetters } from './pending-dead-letters.js';
import type { PrefetchWindow } from './prefetch-window.js';

export interface BatchSettings {
  /** Events a batch. */
  size: number;
  /** Milliseconds. */
  maxAgeMs: number;
}

export interface ConsumerSessionOptions {
  queue: string;
  pipeline: Pick<EventPipeline, 'decode' | 'store'>;
  batch: BatchSettings;
  /** Batches that are stored at the same time; they are acknowledged in order. */
  batchesAtOnce: number;
  window: PrefetchWindow;
  deadLetters: Pick<DeadLetterPublisher, 'publish' | 'obstacle'>;
  /** How much of the queue may be held. */
  memory: MemoryShare;
  /** Called when a batch could not be stored; it is tried again. */
  onBatchFailure: (error: Error) => void;
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
  /** Undefined once its events are stored, and only its dead letters are waited for. */
  decoded: DecodedMessage | undefined;
  memory: HeldMemory;
  /** Unix milliseconds. */
  arrivedAt: number;
}

/** For the broker to answer: opening and closing channels, beginning and ending to consume. */
const ANSWER_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;
const PAUSES = { firstMs: 100, longestMs: 5_000 };
/**
 * The broker closes channels that hold a message for 30 minutes. In a long outage messages are returned well before,
 * and taken again.
 */
const LONGEST_HOLD_MS = 10 * 60_000;
/** Of a dead letter that waits, beside its body. */
const BYTES_PER_LETTER = 1_000;
/** From its third delivery on a message is handled alone: it may be what stopped the earlier ones. */
const DELIVERIES_BEFORE_ISOLATION = 2;

/**
 * One consumer on one channel. Delivery tags mean nothing beyond their channel, so everything that holds some lives
 * and ends with the session; the next session gets what was not acknowledged again.
 *
 * Its states:
 * - `opening`: the channel and its consumer are not there yet
 * - `consuming`: the broker delivers
 * - `renewing`: the consumer is replaced by one with another prefetch, or a paused session gets one again
 * - `paused`: there is no consumer, because too much is held; what is here is stored and acknowledged as always
 * - `draining`: the same before a stop; then it is closed
 * - `closed`: the channel is gone; what was not acknowledged comes again, to another session
 *
 * The channel stays the same from `consuming` to `draining`, so what was delivered is acknowledged in each of them.
 */
export class ConsumerSession {
  /** Resolves when the channel is gone, whatever the reason. */
  readonly ended: Promise<void>;

  private state: SessionState = { is: 'opening' };
  private readonly batcher: MicroBatcher<Delivery>;
  private readonly pending: PendingDeadLetters<Delivery>;
  private readonly memory: MemoryAccount;
  private channel?: Channel;
  private undecoded: UndecodedDelivery[] = [];
  private readonly storing = new Set<readonly Delivery[]>();
  private readonly closing = new AbortController();
  /** Of the consumer. */
  private prefetch = 0;
  /** Deliveries of this consumer that wait for their dead letters, and take up its prefetch. */
  private lateSinceSubscribed = 0;
  /** Deliveries that were taken and not settled. */
  private held = 0;

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
      longestHoldMs: ({ arrivedAt }) => Math.max(0, arrivedAt + LONGEST_HOLD_MS - Date.now()),
      onLate: (delivery, letters) => this.keepOnlyLetters(delivery, letters),
      onTaken: (delivery) => this.settleLate(delivery, (channel, message) => channel.ack(message)),
      onHeldTooLong: (delivery) => this.settleLate(delivery, (channel, message) => channel.nack(message)),
    });
  }

  /** Whether the queue has its consumer, or will have it again as soon as there is room. */
  get isConsuming(): boolean {
    return this.isIn('consuming') || this.isIn('renewing') || this.isIn('paused');
  }

  /** Messages that it holds and has not acknowledged. */
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
  }

  /** Takes no more, stores what is here, acknowledges it and closes. */
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

  /** Every change of state. @returns false for what does not follow on the present state, such as one after `closed` */
  private become(next: SessionState): boolean {
    if (!NEXT_STATES[this.state.is].includes(next.is)) return false;
    this.state = next;
    return true;
  }

  /** By a call, so that nobody takes a state for known after waiting. */
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

  /** The session is over. Only batches that are still being stored keep their messages. */
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
   * Takes a new prefetch, which applies to new consumers only, or pauses while too much is held. What was delivered
   * stays valid: the channel is the same.
   */
  private async renew(channel: Channel): Promise<void> {
    const { state } = this;
    if (!this.become({ is: 'renewing' })) return;
    let consumerTag = state.is === 'consuming' ? state.consumerTag : undefined;
    try {
      do {
        if (consumerTag !== undefined) await this.cancel(channel, consumerTag);
        if (!this.isIn('renewing')) return;
        if (!this.memory.mayGoOn) {
          this.become({ is: 'paused' });
          return;
        }
        consumerTag = await this.subscribe(channel);
        // It may have changed meanwhile, and no delivery would tell where a consumer has all it may have.
      } while (!this.isIn('renewing') || this.prefetch !== this.options.window.prefetch);
      this.become({ is: 'consuming', consumerTag });
    } catch {
      await this.close();
    }
  }

  private renewSoon(): void {
    this.renew(this.channel!).catch(this.options.onBatchFailure);
  }

  private onDelivery(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      // The broker has cancelled the consumer: the queue was deleted, or its node went away.
      this.close().catch(this.options.onBatchFailure);
      return;
    }
    if (this.isIn('closed')) return;
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
      // Large messages after small ones: the broker had sent them before the prefetch could follow.
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
    const giveUpAt = Date.now() + LONGEST_HOLD_MS;
    const backOff = new BackOff(PAUSES);
    while (!this.isIn('closed')) {
      try {
        const letters = await this.options.pipeline.store(messages);
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
        this.options.onBatchFailure(error as Error);
        if (this.isIn('draining') || Date.now() > giveUpAt) return this.close();
        await pause(backOff.next(), this.closing.signal);
        if (this.isIn('draining')) return this.close();
      }
    }
  }

  private acknowledge(batch: readonly Delivery[]): void {
    if (this.isIn('closed')) return;
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
    for (const { memory } of deliveries) this.memory.release(memory);
    this.held -= deliveries.length;
    this.decodeAhead();
    this.memory.tellOfRoom();
  }

  /** Goes on where there is room again, which another queue may have given back. */
  private onRoom(): void {
    if (this.isIn('paused') && this.memory.mayGoOn) this.renewSoon();
  }

  /** The delivery waits for its dead letters: its events are stored, and it takes no more memory than its letters. */
  private keepOnlyLetters(delivery: Delivery, letters: readonly DeadLetter[]): void {
    let bytes = 0;
    for (const letter of letters) {
      // A small body is a part of all that came with it.
      letter.content = Buffer.from(letter.content);
      bytes += letter.content.length + BYTES_PER_LETTER;
    }
    this.memory.shrink(delivery.memory, bytes);
    delivery.decoded = undefined;
    this.memory.tellOfRoom();
    // A new consumer has its whole prefetch for messages that do not wait.
    this.lateSinceSubscribed++;
    if (this.lateSinceSubscribed >= this.options.window.prefetch / 2) this.renewSoon();
  }

  private settleLate(delivery: Delivery, settle: (channel: Channel, message: ConsumeMessage) => void): void {
    if (this.isIn('closed')) return;
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
