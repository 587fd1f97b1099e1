import { EventEmitter } from 'node:events';
import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { waitFor } from '../harness/wait-for.js';
import type { DecodedMessage } from '../../apps/ingestion/src/intake/message-decoder.js';
import type { DeadLetter } from '../../apps/ingestion/src/intake/dead-letter.js';
import type { EventResult } from '../../apps/ingestion/src/intake/event-result.js';
import {
  ConsumerSession,
  type ConsumerSessionOptions,
} from '../../apps/ingestion/src/transports/amqp/consumer-session.js';
import type { IncomingMessage } from '../../apps/ingestion/src/intake/incoming-message.js';
import { MAX_HELD_BYTES, MemoryBudget, type MemoryShare } from '../../apps/ingestion/src/intake/memory-budget.js';
import { PrefetchWindow } from '../../apps/ingestion/src/transports/amqp/prefetch-window.js';

/** A channel on which a test delivers; it keeps the tags that were acknowledged. */
class FakeChannel extends EventEmitter {
  readonly acknowledged: number[] = [];
  /** Of those, what covered all before it. */
  readonly acknowledgedUpTo: number[] = [];
  readonly returned: number[] = [];
  /** One for each consumer. */
  readonly prefetches: number[] = [];
  hasConsumer = false;
  isClosed = false;
  /** Called before the broker says that there is a consumer. */
  onConsume?: () => void;
  private deliver?: (message: ConsumeMessage) => void;

  /** It bounds nothing: all is delivered by the test. */
  async prefetch(count: number): Promise<void> {
    this.prefetches.push(count);
  }

  async consume(_queue: string, deliver: (message: ConsumeMessage) => void): Promise<{ consumerTag: string }> {
    this.deliver = deliver;
    this.hasConsumer = true;
    this.onConsume?.();
    return { consumerTag: 'consumer' };
  }

  async cancel(): Promise<void> {
    this.hasConsumer = false; // what is under way arrives still
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.emit('close');
  }

  ack(message: ConsumeMessage, allUpTo = false): void {
    this.acknowledged.push(message.fields.deliveryTag);
    if (allUpTo) this.acknowledgedUpTo.push(message.fields.deliveryTag);
  }

  nack(message: ConsumeMessage): void {
    this.returned.push(message.fields.deliveryTag);
  }

  /** @param bytes of the body, which begins with the tag */
  send(deliveryTag: number, bytes?: number): void {
    const fields = { deliveryTag, routingKey: 'reminder.created' } as ConsumeMessage['fields'];
    const properties = { headers: {} } as ConsumeMessage['properties'];
    const tag = String(deliveryTag);
    this.deliver!({ content: Buffer.from(tag.padEnd(bytes ?? tag.length)), fields, properties });
  }
}

/** A publisher of dead letters in an alarm, until the test says that they are taken. */
class FakeDeadLetters {
  obstacle: string | undefined = 'an alarm';
  private take: () => void = () => undefined;
  private readonly taken = new Promise<void>((resolve) => (this.take = resolve));

  async publish(): Promise<void> {
    await this.taken;
  }

  takeAll(): void {
    this.obstacle = undefined;
    this.take();
  }
}

/** An event that is the tag of its delivery. */
const received = (content: Buffer) => ({ status: 'ok', event: Number(content.toString()) }) as unknown as EventResult;
/** A message of one event. */
const decode = ({ content }: Pick<IncomingMessage, 'content'>): DecodedMessage => ({
  results: [received(content)],
  received: 1,
  refused: 0,
  unrepeatable: 0,
  weight: 1,
  bytes: 1_000,
});
const tagOf = (result: EventResult) => (result as unknown as { event: number }).event;

const MIB = 1_048_576;

interface HandledBatch {
  tags: number[];
  commit(refused?: DeadLetter[]): void;
  fail(): void;
}

/** Its batches are stored as the test says. */
function sessionOf(
  handled: HandledBatch[],
  deadLetters: FakeDeadLetters,
  memory: MemoryShare,
  further: Partial<ConsumerSessionOptions> = {},
): ConsumerSession {
  return new ConsumerSession({
    queue: 'queue',
    pipeline: {
      decode,
      store: (messages) =>
        new Promise((resolve, reject) => {
          const tags = messages.flatMap(({ results }) => results.map(tagOf));
          handled.push({
            tags,
            commit: (refused = []) =>
              resolve(tags.map((tag) => refused.filter(({ content }) => content.toString() === String(tag)))),
            fail: () => reject(new Error('an outage')),
          });
        }),
    },
    batch: { size: 2, maxAgeMs: 1_000 },
    batchesAtOnce: 2,
    window: new PrefetchWindow(20),
    deadLetters,
    memory,
    onBatchFailure: () => undefined,
    onBatchSuccess: () => undefined,
    ...further,
  });
}

const connectionTo = (channel: FakeChannel | Promise<FakeChannel>) =>
  ({ createChannel: async () => channel }) as unknown as ChannelModel;

describe('ConsumerSession with two batches at once', () => {
  let channel: FakeChannel;
  let session: ConsumerSession;
  let handled: HandledBatch[];
  let deadLetters: FakeDeadLetters;

  beforeEach(async () => {
    channel = new FakeChannel();
    handled = [];
    deadLetters = new FakeDeadLetters();
    session = sessionOf(handled, deadLetters, new MemoryBudget().share());
    await session.open(connectionTo(channel));
    for (const tag of [1, 2, 3, 4]) channel.send(tag);
  });
  afterEach(() => session.close());

  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

  it('should handle two batches at the same time', () => {
    expect(handled.map(({ tags }) => tags)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('should not acknowledge a batch before the one in front of it, which its acknowledgement would cover', async () => {
    handled[1]!.commit();
    await nextTurn();
    expect(channel.acknowledged).toEqual([]);
    handled[0]!.commit();
    await waitFor(() => channel.acknowledged.length === 2, { what: 'both acknowledgements' });
    expect(channel.acknowledged).toEqual([2, 4]);
  });

  it('should try the first again while the second waits to be acknowledged', async () => {
    handled[1]!.commit();
    handled[0]!.fail();
    await waitFor(() => handled.length === 3, { what: 'the second try' });
    expect(handled[2]!.tags).toEqual([1, 2]);
    expect(channel.acknowledged).toEqual([]);
    handled[2]!.commit();
    await waitFor(() => channel.acknowledged.length === 2, { what: 'both acknowledgements' });
    expect(channel.acknowledged).toEqual([2, 4]);
  });

  it('should acknowledge nothing when the channel closes before the first is committed', async () => {
    handled[1]!.commit();
    await nextTurn();
    await session.close();
    handled[0]!.commit();
    await nextTurn();
    expect(channel.acknowledged).toEqual([]);
  });

  const deadLetterOf = (tag: number): DeadLetter => ({
    content: Buffer.from(String(tag)),
    routingKey: 'reminder.created',
    contentType: undefined,
    contentEncoding: undefined,
    messageId: String(tag),
    timestamp: 0,
    headers: {},
  });

  it('should acknowledge one by one while a dead letter waits, all but its message, and then together again', async () => {
    handled[0]!.commit([deadLetterOf(1)]);
    handled[1]!.commit();
    await waitFor(() => channel.acknowledged.length === 3, { what: 'the neighbours' });
    expect(channel.acknowledged).toEqual([2, 3, 4]);
    expect(channel.acknowledgedUpTo).toEqual([]);
    deadLetters.takeAll();
    await waitFor(() => channel.acknowledged.length === 4, { what: 'the message of the dead letter' });
    expect(channel.acknowledged.at(-1)).toBe(1);
    for (const tag of [5, 6]) channel.send(tag);
    handled[2]!.commit();
    await waitFor(() => channel.acknowledgedUpTo.length === 1, { what: 'the next batch' });
    expect(channel.acknowledgedUpTo).toEqual([6]);
  });

  it('should acknowledge a batch together when its dead letters are taken at once', async () => {
    deadLetters.takeAll();
    handled[0]!.commit([deadLetterOf(1)]);
    await waitFor(() => channel.acknowledged.length === 1, { what: 'the batch' });
    expect(channel.acknowledgedUpTo).toEqual([2]);
  });

  it('should return a message whose dead letter has waited for ten minutes, and it alone', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'performance'] });
    try {
      handled[0]!.commit([deadLetterOf(1)]);
      await nextTurn();
      await nextTurn();
      expect(channel.acknowledged).toEqual([2]);
      jest.advanceTimersByTime(9 * 60_000);
      expect(channel.returned).toEqual([]);
      jest.advanceTimersByTime(60_000);
      expect(channel.returned).toEqual([1]);
      expect(session.isConsuming).toBe(true);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('ConsumerSession, from opening to closed', () => {
  let channel: FakeChannel;
  let share: MemoryShare;
  let handled: HandledBatch[];
  let session: ConsumerSession;

  beforeEach(() => {
    channel = new FakeChannel();
    share = new MemoryBudget().share();
    handled = [];
    session = sessionOf(handled, new FakeDeadLetters(), share);
  });
  afterEach(() => session.close());

  it('should close a channel that comes only after the session was drained', async () => {
    let give!: (channel: FakeChannel) => void;
    const opening = session.open(connectionTo(new Promise((resolve) => (give = resolve))));
    await session.drain();
    give(channel);
    await opening;
    expect(channel.isClosed).toBe(true);
    expect(session.isConsuming).toBe(false);
  });

  it('should close the channel when there comes no consumer', async () => {
    channel.onConsume = () => {
      throw new Error('no such queue');
    };
    await expect(session.open(connectionTo(channel))).rejects.toThrow('no such queue');
    expect(channel.isClosed).toBe(true);
  });

  it('should take a prefetch that grows while the session opens', async () => {
    channel.onConsume = () => {
      channel.onConsume = undefined;
      for (let tag = 1; tag <= 10; tag++) channel.send(tag);
    };
    await session.open(connectionTo(channel));
    await waitFor(() => channel.prefetches.length === 2, { what: 'another consumer' });
    expect(channel.prefetches).toEqual([10, 20]);
    expect(session.isConsuming).toBe(true);
  });

  it('should pause while too much is held, consume again when there is room, and count nothing in the end', async () => {
    await session.open(connectionTo(channel));
    const other = share.open();
    const theirs = other.take(Buffer.alloc(60 * MIB));
    channel.send(1);
    await waitFor(() => !channel.hasConsumer, { what: 'the consumer to pause' });
    expect(session.isConsuming).toBe(true);
    other.release(theirs);
    await waitFor(() => handled.length === 1, { what: 'the batch' });
    handled[0]!.commit();
    await waitFor(() => channel.hasConsumer, { what: 'a consumer again' });
    expect(channel.acknowledgedUpTo).toEqual([1]);
    await session.drain();
    expect([channel.hasConsumer, channel.isClosed, share.heldBytes]).toEqual([false, true, 0]);
  });
});

describe('ConsumerSession, of what is delivered', () => {
  let channel: FakeChannel;
  let session: ConsumerSession;
  let decodedMessages: number;
  let budget: MemoryBudget;
  /** What a message takes when it is decoded. */
  let bytes: number;

  beforeEach(async () => {
    channel = new FakeChannel();
    decodedMessages = 0;
    bytes = 1_000;
    budget = new MemoryBudget();
    session = new ConsumerSession({
      queue: 'queue',
      pipeline: {
        decode: (message) => {
          decodedMessages++;
          return { ...decode(message), bytes };
        },
        store: () => new Promise(() => undefined),
      },
      batch: { size: 1_000, maxAgeMs: 1_000 },
      batchesAtOnce: 1,
      window: new PrefetchWindow(2_000),
      deadLetters: new FakeDeadLetters(),
      memory: budget.share(),
      onBatchFailure: () => undefined,
      onBatchSuccess: () => undefined,
    });
    await session.open(connectionTo(channel));
  });
  afterEach(() => session.close());

  it('should return at once what there is no room for, as the broker had sent it before it could be told', () => {
    for (let tag = 1; tag <= 100; tag++) channel.send(tag, MIB);
    expect(budget.heldBytes).toBeLessThanOrEqual(MAX_HELD_BYTES);
    expect(channel.returned.length).toBeGreaterThan(30);
    expect(channel.returned).toEqual(
      Array.from({ length: channel.returned.length }, (_, n) => 101 - channel.returned.length + n),
    );
  });

  it('should decode ahead no more than 16 MiB, and always one message', () => {
    bytes = 3 * MIB;
    for (let tag = 1; tag <= 100; tag++) channel.send(tag);
    expect(decodedMessages).toBe(6);
    expect(channel.returned).toEqual([]);
  });

  it('should decode one message however large it becomes', () => {
    bytes = 2 * MAX_HELD_BYTES;
    for (const tag of [1, 2]) channel.send(tag);
    expect(decodedMessages).toBe(1);
  });
});

describe('ConsumerSession, paused beside another queue', () => {
  it('should go on when the other gives back what it held, though its own dead letters wait', async () => {
    const budget = new MemoryBudget();
    const sessions: ConsumerSession[] = [];
    const open = async (store: () => Promise<DeadLetter[][]>, size: number) => {
      const channel = new FakeChannel();
      const session = new ConsumerSession({
        queue: 'queue',
        pipeline: {
          decode,
          store,
        },
        batch: { size, maxAgeMs: 1 },
        batchesAtOnce: 1,
        window: new PrefetchWindow(2_000),
        deadLetters: new FakeDeadLetters(),
        memory: budget.share(),
        onBatchFailure: () => undefined,
        onBatchSuccess: () => undefined,
      });
      sessions.push(session);
      await session.open(connectionTo(channel));
      return channel;
    };
    const commits: (() => void)[] = [];
    const busy = await open(() => new Promise((resolve) => commits.push(() => resolve([]))), 10);
    for (let tag = 1; tag <= 50; tag++) busy.send(tag, MIB);
    let letters = 0;
    const waiting = await open(async () => {
      letters++;
      const letter = { content: Buffer.alloc(MIB), routingKey: '', contentType: undefined, contentEncoding: undefined };
      return [[{ ...letter, messageId: 'm', timestamp: 0, headers: {} }]];
    }, 1);
    try {
      for (let tag = 1; tag <= 6; tag++) waiting.send(tag, MIB);
      await waitFor(() => letters === 6, { what: 'the dead letters' });
      const consumers = waiting.prefetches.length;
      commits[0]!();
      await waitFor(() => waiting.prefetches.length > consumers, { what: 'the next consumer' });
      expect(waiting.acknowledged).toEqual([]);
    } finally {
      for (const session of sessions) await session.close();
    }
  });
});

describe('a consumer that the broker has lost without a word', () => {
  const open = async (queue: { consumerCount: number; messageCount: number }) => {
    const createChannel = async () => Object.assign(new FakeChannel(), { checkQueue: async () => queue });
    const errors: string[] = [];
    const session = sessionOf([], new FakeDeadLetters(), new MemoryBudget().share(), {
      checkEveryMs: 5,
      onBatchFailure: ({ message }) => errors.push(message),
    });
    await session.open({ createChannel } as unknown as ChannelModel);
    return { session, errors };
  };

  it.each([
    ['has no consumer', { consumerCount: 0, messageCount: 0 }],
    ['keeps messages that it does not deliver', { consumerCount: 2, messageCount: 1 }],
  ])('should end its session when the queue %s', async (_, queue) => {
    const { session, errors } = await open(queue);
    await session.ended;
    expect(session.isConsuming).toBe(false);
    expect(errors).toEqual(['RabbitMQ has lost the consumer of queue without cancelling it']);
  });
});
