import type { Channel, ChannelModel } from 'amqplib';

/**
 * Runs work on a separate channel, because the broker closes a channel when it refuses something, such as a question
 * about a missing queue.
 *
 * @throws the broker's refusal
 */
export async function onSeparateChannel<T>(
  connection: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await connection.createChannel();
  // The rejected call reports it.
  channel.on('error', () => undefined);
  const result = await work(channel);
  await channel.close();
  return result;
}
