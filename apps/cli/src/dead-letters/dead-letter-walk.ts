import type { Channel, ChannelModel, ConsumeMessage, Options } from 'amqplib';
import { beginTransactions, commitTransaction } from '#libs/broker';
import { DEAD_LETTERS } from '#libs/contracts';
import { DeadlineError, pause, untilAborted, withDeadline } from '#libs/timing';
import { checkDeadLetterQueue } from './dead-letter-queue.js';

export interface WalkOptions {
  /** The number of deliveries whose visits run concurrently. */
  windowSize: number;
  /** The maximum number of dead letters to visit. @defaultValue all */
  atMost?: number;
  /** Needed for `take`. @defaultValue false */
  mayTake?: boolean;
  /** Needed for `replaceWithCopy`, beside `mayTake`. @defaultValue false */
  mayCopy?: boolean;
}

/** Visits a dead letter, or a copy of one. If it neither takes nor replaces it, it returns to the queue. */
export type Visit = (letter: ConsumeMessage, isCopy: boolean) => Promise<void> | void;

const ANSWER_TIMEOUT_MS = 10_000;
/** The limit for the next delivery. */
const DELIVERY_TIMEOUT_MS = 10_000;
/** Quorum queues keep the order of up to 32 messages that are returned together. */
const RETURNED_AT_ONCE = 32;
const RETURN_TIMEOUT_MS = 5_000;

/**
 * Visits as many dead letters as are in the queue at the start, the oldest first. They are returned only at the end, so
 * that none is delivered twice: each walk counts as one delivery, and keeps their order.
 *
 * The prefetch of a consumer counts unacknowledged deliveries, which are all kept until the end. So each window of
 * deliveries has a separate consumer; deliveries of a cancelled consumer stay unacknowledged.
 *
 * What is taken is acknowledged when the consumer of its window is cancelled, in one transaction:
 * - An earlier acknowledgement makes RabbitMQ deliver more than the window. What is on its way when the consumer is
 *   cancelled stays out of sight until the channel closes, and newer ones would be visited instead.
 * - RabbitMQ passes acknowledgements on to a quorum queue one by one, about 32 at a time. When the channel closes, it
 *   forgets those that wait. The acknowledgements of a transaction are passed on as one.
 */
export class DeadLetterWalk {
  private seen = 0;
  /** Tags of deliveries of the current window that were not taken, in order. */
  private readonly held = new Set<number>();
  /** Those of the current window that were taken, and are acknowledged at its end. */
  private taken: ConsumeMessage[] = [];
  /** Those of earlier windows that were not taken, in groups that are returned together. */
  private readonly toReturn: number[][] = [];
  /** The number of copies that were not delivered yet, by message id. */
  private readonly copies = new Map<string, number>();
  private readonly failure = new AbortController();
  private isQueueEmpty = false;
  private isChannelOpen = true;

  private constructor(
    private readonly channel: Channel,
    private readonly options: WalkOptions,
    /** The number of dead letters at the start. */
    readonly total: number,
    /** The number of them to visit. */
    private toVisit: number,
  ) {}

  /** @throws Error when the queue is missing or has other arguments */
  static async open(connection: ChannelModel, options: WalkOptions): Promise<DeadLetterWalk> {
    const { messageCount, consumerCount } = await checkDeadLetterQueue(connection);
    if (consumerCount > 0) {
      process.stderr.write(`${consumerCount} other consumers read ${DEAD_LETTERS}: what they hold is not seen here.\n`);
    }
    const channel = await answered(connection.createChannel(), 'opening a channel');
    const toVisit = Math.min(messageCount, options.atMost ?? Infinity);
    const walk = new DeadLetterWalk(channel, options, messageCount, toVisit);
    channel.on('error', (error: Error) => walk.fail(error));
    channel.once('close', () => {
      walk.isChannelOpen = false;
      walk.fail(new Error('the connection to RabbitMQ was lost'));
    });
    if (options.mayTake) await walk.answered(beginTransactions(channel), 'beginning a transaction');
    // Without the binding, a copy would be lost.
    if (options.mayCopy) await walk.answered(channel.bindQueue(DEAD_LETTERS, DEAD_LETTERS, ''), 'binding the queue');
    return walk;
  }

  /** The number of visited dead letters, without copies. */
  get visited(): number {
    return this.seen;
  }

  get size(): number {
    return this.toVisit;
  }

  /** Visits the dead letters, then returns those that were not taken. */
  async run(visit: Visit): Promise<void> {
    try {
      while (!this.isOver) await this.visitWindow(visit);
    } catch (error) {
      // If this fails too, RabbitMQ returns them when the connection ends.
      if (this.isChannelOpen) await this.returnHeld().catch(() => undefined);
      throw error;
    }
    await this.returnHeld();
  }

  /** Visits no further dead letters, except copies. */
  stop(): void {
    this.toVisit = this.seen;
  }

  /** Makes the walk reject with this error. */
  fail(reason: Error): void {
    this.failure.abort(reason);
  }

  /** Removes it from the queue, at the end of its window. @returns false if the walk has failed and returns it */
  take(letter: ConsumeMessage): boolean {
    if (!this.held.delete(letter.fields.deliveryTag)) return false;
    this.taken.push(letter);
    return true;
  }

  /**
   * Replaces the dead letter by a copy with other properties at the end of the queue, in one transaction. The copy is
   * visited too.
   */
  replaceWithCopy(letter: ConsumeMessage, properties: Options.Publish & { messageId: string }): void {
    const { routingKey } = letter.fields;
    this.channel.publish(DEAD_LETTERS, routingKey, letter.content, properties);
    this.copies.set(properties.messageId, (this.copies.get(properties.messageId) ?? 0) + 1);
    this.take(letter);
  }

  private get isOver(): boolean {
    return this.isQueueEmpty || (this.seen >= this.toVisit && this.copies.size === 0);
  }

  private async visitWindow(visit: Visit): Promise<void> {
    const { windowSize } = this.options;
    const room = Math.min(windowSize, this.toVisit - this.seen || windowSize);
    const visits: Promise<void>[] = [];
    let onArrival: (() => void) | undefined;
    await this.answered(this.channel.prefetch(room), 'setting the prefetch');
    const consuming = this.channel.consume(DEAD_LETTERS, (letter) => {
      if (letter === null) return this.fail(new Error(`RabbitMQ has cancelled the consumer of ${DEAD_LETTERS}`));
      this.held.add(letter.fields.deliveryTag);
      const visiting = this.visitOne(letter, visit);
      visiting.catch((error: Error) => this.fail(error));
      visits.push(visiting);
      onArrival?.();
    });
    const { consumerTag } = await this.answered(consuming, 'consuming');
    while (visits.length < room && !this.isOver) {
      const arrival = new Promise<void>((resolve) => (onArrival = resolve));
      const waiting = { what: 'the next delivery', ms: DELIVERY_TIMEOUT_MS, signal: this.failure.signal };
      await withDeadline(waiting, arrival).catch(async (error: unknown) => {
        // Messages have expired, or another program has taken them.
        if (!(error instanceof DeadlineError) || (await this.countReady()) > 0) throw error;
        this.isQueueEmpty = true;
      });
    }
    await this.answered(this.channel.cancel(consumerTag), 'cancelling a consumer');
    await untilAborted(this.failure.signal, Promise.all(visits));
    this.acknowledgeTaken();
    if (this.options.mayTake) await this.commit();
    this.endWindow();
  }

  private acknowledgeTaken(): void {
    for (const letter of this.taken) this.channel.ack(letter);
    this.taken = [];
  }

  /** Messages that are returned together keep their order only if they belong to one consumer. */
  private endWindow(): void {
    const tags = [...this.held];
    this.held.clear();
    while (tags.length > 0) this.toReturn.push(tags.splice(0, RETURNED_AT_ONCE));
  }

  private async visitOne(letter: ConsumeMessage, visit: Visit): Promise<void> {
    if (this.seen < this.toVisit) {
      this.seen++;
      await visit(letter, false);
    } else if (this.isAwaitedCopy(letter)) {
      await visit(letter, true);
    }
    // Any other one is returned at the end.
  }

  private isAwaitedCopy({ properties }: ConsumeMessage): boolean {
    const messageId = String(properties.messageId);
    const count = this.copies.get(messageId);
    if (count === undefined) return false;
    if (count === 1) this.copies.delete(messageId);
    else this.copies.set(messageId, count - 1);
    return true;
  }

  private async returnHeld(): Promise<void> {
    const { mayTake } = this.options;
    this.acknowledgeTaken();
    this.endWindow();
    if (mayTake) await this.commitAtEnd();
    let returned = 0;
    for (const tags of this.toReturn) {
      returned += tags.length;
      this.channel.nack({ fields: { deliveryTag: tags.at(-1) } } as ConsumeMessage, true);
      // The broker handles the methods of a channel in order, so the earlier groups are in the queue by then.
      if (mayTake) await this.commitAtEnd();
      else await answered(this.channel.checkQueue(DEAD_LETTERS), 'returning messages');
    }
    const giveUpAt = performance.now() + RETURN_TIMEOUT_MS;
    while (performance.now() < giveUpAt) {
      const { messageCount } = await answered(this.channel.checkQueue(DEAD_LETTERS), 'counting messages');
      if (messageCount >= returned) break;
      await pause(20);
    }
    await answered(this.channel.close(), 'closing the channel');
  }

  private async countReady(): Promise<number> {
    return (await this.answered(this.channel.checkQueue(DEAD_LETTERS), 'counting messages')).messageCount;
  }

  private commit(): Promise<void> {
    return this.answered(commitTransaction(this.channel), 'committing what was taken');
  }

  /** Without the failure signal, because the walk may have failed while the channel is open. */
  private commitAtEnd(): Promise<void> {
    return answered(commitTransaction(this.channel), 'committing what was taken');
  }

  private answered<T>(work: PromiseLike<T>, what: string): Promise<T> {
    return withDeadline({ what, ms: ANSWER_TIMEOUT_MS, signal: this.failure.signal }, Promise.resolve(work));
  }
}

function answered<T>(work: PromiseLike<T>, what: string): Promise<T> {
  return withDeadline({ what, ms: ANSWER_TIMEOUT_MS }, Promise.resolve(work));
}
