import type { ChannelModel } from 'amqplib';

/** What an operator should know about this broker's version, if anything; told with every new connection. */
export function brokerVersionNote(connection: ChannelModel): string | undefined {
  const { version } = connection.connection.serverProperties;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 3 || (major === 3 && minor >= 12)) return undefined;
  return (
    `RabbitMQ ${version} is older than 3.12: at-least-once dead lettering needs its feature flag "stream_queue", ` +
    'which nodes of 3.9 and later have from the start, and upgraded ones may not (rabbitmqctl enable_feature_flag)'
  );
}
