import { EventEmitter } from 'node:events';
import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { waitFor } from '../harness/wait-for.js';
import type { DeadLetter } from '../../apps/ingestion/src/intake/dead-letter.js';
import type { EventResult } from '../../apps/ingestion/src/intake/event-result.js';
import { ConsumerSession } from '../../apps/ingestion/src/transports/amqp/consumer-session.js';
import { MemoryBudget } from '../../apps/ingestion/src/intake/memory-budget.js';
import { PrefetchWindow } from '../../apps/ingestion/src/transports/amqp/prefetch-window.js';

/** A channel on which a test delivers; it keeps the tags that were acknowledged. */
class FakeChannel extends EventEmitter {
  readonly acknowledged: number[] = [];
  /** Of those, what covered all before it. */
  readonly acknowledgedUpTo: number[] = [];
  readonly returned: number[] = [];
  private deliver?: (message: ConsumeMessage) => void;

  async prefetch(): Promise<void> {
    // All is delivered by the test.
  }

  async consume(_queue: string, deliver: (message: ConsumeMessage) => void): Promise<{ consumerTag: string }> {
    this.deliver = deliver;
    return { consumerTag: 'consumer' };
  }

  async cancel(): Promise<void> {
    this.deliver = undefined;
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

  send(deliveryTag: number): void {
    const fields = { deliveryTag, routingKey: 'reminder.created' } as ConsumeMessage['fields'];
    const properties = { headers: {} } as ConsumeMessage['properties'];
    this.deliver!({ content: Buffer.from(String(deliveryTag)), fields, properties });
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
const tagOf = (result: EventResult) => (result as unknown as { event: number }).event;

interface HandledBatch {
  tags: number[];
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
      queue: 'queue',
      pipeline: {
        decode: ({ content }) => ({ results: [received(content)], unrepeatable: 0, weight: 1, bytes: 1_000 }),
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
