import type { ChannelModel } from 'amqplib';

/** A warning for the operator about the broker's version, if it needs one. */
export function brokerVersionNote(connection: ChannelModel): string | undefined {
  const { version } = connection.connection.serverProperties;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 3 || (major === 3 && minor >= 12)) return undefined;
  return (
    `RabbitMQ ${version} is older than 3.12: at-least-once dead lettering needs its feature flag "stream_queue", ` +
    'which is enabled on new nodes since 3.9 but maybe not on upgraded ones (rabbitmqctl enable_feature_flag)'
  );
}
