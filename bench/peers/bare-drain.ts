import type { ChannelModel } from 'amqplib';
import { QUEUES } from '#libs/contracts';

const ACK_EVERY = 500;

/** The messages per second of a consumer that does nothing with them. */
export async function timeDrain(broker: ChannelModel, messages: number, prefetch: number): Promise<number> {
  const channel = await broker.createChannel();
  await channel.prefetch(prefetch);
  let seen = 0;
  const started = performance.now();
  await new Promise<void>((resolve, reject) => {
    channel
      .consume(QUEUES.statistics, (message) => {
        if (++seen % ACK_EVERY === 0 || seen === messages) channel.ack(message!, true);
        if (seen === messages) resolve();
      })
      .catch(reject);
  });
  const seconds = (performance.now() - started) / 1000;
  await channel.close();
  return messages / seconds;
}
