import type { ChannelModel } from 'amqplib';
import { onSeparateChannel } from '#libs/broker';
import { pause, withDeadline } from '#libs/timing';

export interface ConsumerWatch {
  connection: ChannelModel;
  queue: string;
  /** The number of deliveries so far; undefined while the consumer is not waiting for one. */
  deliveries(): number | undefined;
  /** Ends the watch. */
  signal: AbortSignal;
  /** Milliseconds. @defaultValue 5,000 */
  everyMs?: number;
}

const CHECK_EVERY_MS = 5_000;
const ANSWER_TIMEOUT_MS = 5_000;
/** One check can see a message that is being delivered. */
const CHECKS_BEFORE_LOST = 2;

/**
 * Waits until RabbitMQ has lost a consumer without cancelling it: the queue has no consumer, or has messages that it
 * does not deliver. This can happen when a quorum queue is deleted while it gets a consumer.
 *
 * @returns whether it was lost; false when the signal aborted
 */
export async function untilConsumerIsLost(watch: ConsumerWatch): Promise<boolean> {
  const { signal, everyMs = CHECK_EVERY_MS } = watch;
  let checks = 0;
  let before = watch.deliveries();
  while (await pause(everyMs, signal)) {
    const now = watch.deliveries();
    const isIdle = now !== undefined && now === before;
    before = now;
    checks = isIdle && (await isNeglected(watch)) ? checks + 1 : 0;
    if (checks === CHECKS_BEFORE_LOST) return true;
  }
  return false;
}

/** False if the broker does not answer: the connection has its own deadlines. */
async function isNeglected({ connection, queue }: ConsumerWatch): Promise<boolean> {
  const checking = onSeparateChannel(connection, (channel) => channel.checkQueue(queue));
  return withDeadline({ what: `checking ${queue}`, ms: ANSWER_TIMEOUT_MS }, checking).then(
    ({ consumerCount, messageCount }) => consumerCount === 0 || messageCount > 0,
    () => false,
  );
}
