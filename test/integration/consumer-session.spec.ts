import { EventEmitter } from 'node:events';
import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { waitFor } from '../harness/wait-for.js';
import type { DeadLetter } from '../../apps/ingestion/src/intake/dead-letter.js';
import { ConsumerSession } from '../../apps/ingestion/src/transports/amqp/consumer-session.js';
import { MAX_HELD_BYTES, MemoryBudget } from '../../apps/ingestion/src/intake/memory-budget.js';
import { PrefetchWindow } from '../../apps/ingestion/src/transports/amqp/prefetch-window.js';

/** A channel on which a test delivers; it keeps the tags that were acknowledged. */
class FakeChannel extends EventEmitter {
  readonly acknowledged: number[] = [];
  /** Of those, what covered all before it. */
  readonly acknowledgedUpTo: number[] = [];
  readonly returned: number[] = [];
  /** How often it was asked to consume. */
  consumers = 0;
  private deliver?: (message: ConsumeMessage) => void;

  async prefetch(): Promise<void> {
    // All is delivered by the test.
  }

  async consume(_queue: string, deliver: (message: ConsumeMessage) => void): Promise<{ consumerTag: string }> {
    this.deliver = deliver;
    this.consumers++;
    return { consumerTag: 'consumer' };
  }

  async cancel(): Promise<void> {
    // What is under way arrives still.
  }

  async close(): Promise<void> {
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

const MIB = 1_048_576;

interface HandledBatch {
  tags: unknown[];
  commit(refused?: DeadLetter[]): void;
  fail(): void;
}

describe('ConsumerSession with two batches at once', () => {
  let channel: FakeChannel;
  let session: ConsumerSession;
  let handled: HandledBatch[];
  let deadLetters: FakeDeadLetters;

  beforeEach(async () => {
    channel = new FakeChannel();
    handled = [];
    deadLetters = new FakeDeadLetters();
    session = new ConsumerSession({
      handler: {
        queue: 'queue',
        read: ({ content }) => ({ events: [Number(content.toString())], deadLetters: [], keptBytes: 0 }),
        handle: (reads) =>
          new Promise((resolve, reject) => {
            const tags = reads.flatMap((read) => read.events);
            handled.push({
              tags,
              commit: (refused = []) => resolve(refused),
              fail: () => reject(new Error('an outage')),
            });
          }),
      },
      batch: { size: 2, maxAgeMs: 1_000 },
      batchesAtOnce: 2,
      window: new PrefetchWindow(20),
      deadLetters,
      memory: new MemoryBudget().share(),
      onBatchFailure: () => undefined,
      onBatchSuccess: () => undefined,
    });
    await session.open({ createChannel: async () => channel } as unknown as ChannelModel);
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
    tag,
    content: Buffer.from(String(tag)),
    routingKey: 'reminder.created',
    contentType: undefined,
    contentEncoding: undefined,
    messageId: undefined,
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

describe('ConsumerSession, of what is delivered', () => {
  let channel: FakeChannel;
  let session: ConsumerSession;
  let reads: number;
  let budget: MemoryBudget;
  /** What an event takes when it is read. */
  let keptBytes: number;

  beforeEach(async () => {
    channel = new FakeChannel();
    reads = 0;
    keptBytes = 0;
    budget = new MemoryBudget();
    session = new ConsumerSession({
      handler: {
        queue: 'queue',
        read: () => {
          reads++;
          return { events: [reads], deadLetters: [], keptBytes };
        },
        handle: () => new Promise(() => undefined),
      },
      batch: { size: 1_000, maxAgeMs: 1_000 },
      batchesAtOnce: 1,
      window: new PrefetchWindow(2_000),
      deadLetters: new FakeDeadLetters(),
      memory: budget.share(),
      onBatchFailure: () => undefined,
      onBatchSuccess: () => undefined,
    });
    await session.open({ createChannel: async () => channel } as unknown as ChannelModel);
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

  it('should read ahead no more than 16 MiB, and always one message', () => {
    keptBytes = 3 * MIB;
    for (let tag = 1; tag <= 100; tag++) channel.send(tag);
    expect(reads).toBe(6);
    expect(channel.returned).toEqual([]);
  });

  it('should read one message however large it becomes', () => {
    keptBytes = 2 * MAX_HELD_BYTES;
    for (const tag of [1, 2]) channel.send(tag);
    expect(reads).toBe(1);
  });
});

describe('ConsumerSession, paused beside another queue', () => {
  it('should go on when the other gives back what it held, though its own dead letters wait', async () => {
    const budget = new MemoryBudget();
    const sessions: ConsumerSession[] = [];
    const open = async (handle: () => Promise<DeadLetter[]>, size: number) => {
      const channel = new FakeChannel();
      const session = new ConsumerSession({
        handler: { queue: 'queue', read: () => ({ events: [0], deadLetters: [], keptBytes: 0 }), handle },
        batch: { size, maxAgeMs: 1 },
        batchesAtOnce: 1,
        window: new PrefetchWindow(2_000),
        deadLetters: new FakeDeadLetters(),
        memory: budget.share(),
        onBatchFailure: () => undefined,
        onBatchSuccess: () => undefined,
      });
      sessions.push(session);
      await session.open({ createChannel: async () => channel } as unknown as ChannelModel);
      return channel;
    };
    const commits: (() => void)[] = [];
    const busy = await open(() => new Promise((resolve) => commits.push(() => resolve([]))), 10);
    for (let tag = 1; tag <= 50; tag++) busy.send(tag, MIB);
    let letters = 0;
    const waiting = await open(async () => {
      const letter = { content: Buffer.alloc(MIB), routingKey: '', contentType: undefined, contentEncoding: undefined };
      return [{ tag: ++letters, ...letter, messageId: undefined, timestamp: 0, headers: {} }];
    }, 1);
    try {
      for (let tag = 1; tag <= 6; tag++) waiting.send(tag, MIB);
      await waitFor(() => letters === 6, { what: 'the dead letters' });
      const { consumers } = waiting;
      commits[0]!();
      await waitFor(() => waiting.consumers > consumers, { what: 'the next consumer' });
      expect(waiting.acknowledged).toEqual([]);
    } finally {
      for (const session of sessions) await session.close();
    }
  });
});
