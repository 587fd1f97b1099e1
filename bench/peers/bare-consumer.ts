import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { QUEUES } from '#libs/contracts';

/** A consumer of statistics that acknowledges each message and does nothing else. @returns stops it */
export async function startBareConsumer(
  broker: ChannelModel,
  prefetch: number,
  onMessage: (message: ConsumeMessage) => void,
): Promise<() => Promise<void>> {
  const channel = await broker.createChannel();
  await channel.prefetch(prefetch);
  let last: ConsumeMessage | undefined;
  const acknowledge = () => {
    channel.ack(last!, true);
    last = undefined;
  };
  await channel.consume(QUEUES.statistics, (message) => {
    // One acknowledgement for all messages that arrive together.
    if (last === undefined) setImmediate(acknowledge);
    last = message!;
    onMessage(message!);
  });
  return () => channel.close();
}
