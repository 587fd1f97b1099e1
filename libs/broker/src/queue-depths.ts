import type { ChannelModel } from 'amqplib';
import { DEAD_LETTERS, QUEUES } from '#libs/contracts';
import { withDeadline } from '#libs/timing';

const ASK_EVERY_MS = 5_000;
/** A scrape does not wait longer for the broker. */
const ANSWER_TIMEOUT_MS = 2_000;

/** How many messages wait in the queues of this system, asked of the broker every 5 s at most. */
export class QueueDepths {
  private askedAt = -Infinity;
  private isAsking = false;
  private latest: Promise<ReadonlyMap<string, number>> = Promise.resolve(new Map());

  /** @param connection the one to ask on; undefined while the broker does not answer on it */
  constructor(private readonly connection: () => ChannelModel | undefined) {}

  /** By queue; without the queues of which the broker does not say it. Never throws. */
  ready(): Promise<ReadonlyMap<string, number>> {
    const connection = this.connection();
    if (connection === undefined) return Promise.resolve(new Map());
    if (!this.isAsking && performance.now() - this.askedAt >= ASK_EVERY_MS) {
      this.askedAt = performance.now();
      this.latest = this.ask(connection);
    }
    return this.latest;
  }

  private async ask(connection: ChannelModel): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    this.isAsking = true;
    const asking = Promise.allSettled(
      [...Object.values(QUEUES), DEAD_LETTERS].map(async (queue) => {
        counts.set(queue, await countReady(connection, queue));
      }),
    ).finally(() => (this.isAsking = false));
    await withDeadline({ what: 'the depth of the queues', ms: ANSWER_TIMEOUT_MS }, asking).catch(() => undefined);
    return counts;
  }
}

/** On a channel of its own, as the broker closes it when there is no such queue. */
async function countReady(connection: ChannelModel, queue: string): Promise<number> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined); // told by the call that is rejected
  const { messageCount } = await channel.checkQueue(queue);
  await channel.close();
  return messageCount;
}
