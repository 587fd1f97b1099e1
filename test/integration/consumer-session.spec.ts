import { EventEmitter } from 'node:events';
import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { waitFor } from '../harness/wait-for.js';
import { ConsumerSession } from '../../apps/ingestion/src/amqp/consumer-session.js';
import { MemoryBudget } from '../../apps/ingestion/src/amqp/memory-budget.js';
import { PrefetchWindow } from '../../apps/ingestion/src/amqp/prefetch-window.js';

/** A channel on which a test delivers; it keeps the tags that were acknowledged. */
class FakeChannel extends EventEmitter {
  readonly acknowledged: number[] = [];
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

  ack(message: ConsumeMessage): void {
    this.acknowledged.push(message.fields.deliveryTag);
  }

  send(deliveryTag: number): void {
    const fields = { deliveryTag, routingKey: 'reminder.created' } as ConsumeMessage['fields'];
    const properties = { headers: {} } as ConsumeMessage['properties'];
    this.deliver!({ content: Buffer.from(String(deliveryTag)), fields, properties });
  }
}

interface HandledBatch {
  tags: unknown[];
  commit(): void;
  fail(): void;
}

describe('ConsumerSession with two batches at once', () => {
  let channel: FakeChannel;
  let session: ConsumerSession;
  let handled: HandledBatch[];

  beforeEach(async () => {
    channel = new FakeChannel();
    handled = [];
    session = new ConsumerSession({
      handler: {
        queue: 'queue',
        read: ({ content }) => ({ events: [Number(content.toString())], deadLetters: [], keptBytes: 0 }),
        handle: (reads) =>
          new Promise((resolve, reject) => {
            const tags = reads.flatMap((read) => read.events);
            handled.push({ tags, commit: () => resolve([]), fail: () => reject(new Error('an outage')) });
          }),
      },
      batch: { size: 2, maxAgeMs: 1_000 },
      batchesAtOnce: 2,
      window: new PrefetchWindow(20),
      memory: new MemoryBudget().share(),
      onBatchFailure: () => undefined,
      onBatchSuccess: () => undefined,
    });
    await session.open({ createConfirmChannel: async () => channel } as unknown as ChannelModel);
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
});
