import type { ChannelModel } from 'amqplib';
import { DEAD_LETTERS, QUEUES } from '#libs/contracts';
import { withDeadline } from '#libs/timing';
import { onSeparateChannel } from './separate-channel.js';

const ASK_EVERY_MS = 5_000;
/** How long a scrape waits for the broker. */
const ANSWER_TIMEOUT_MS = 2_000;

/** The numbers of ready messages in the queues. The broker is asked at most every 5 s. */
export class QueueDepths {
  private askedAt = -Infinity;
  private isAsking = false;
  private latest: Promise<ReadonlyMap<string, number>> = Promise.resolve(new Map());

  /** @param connection the connection to use; undefined while the broker does not answer on it */
  constructor(private readonly connection: () => ChannelModel | undefined) {}

  /** By queue. Queues whose depth is unknown are missing. Never throws. */
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

async function countReady(connection: ChannelModel, queue: string): Promise<number> {
  const { messageCount } = await onSeparateChannel(connection, (channel) => channel.checkQueue(queue));
  return messageCount;
}
