import type { ChannelModel } from 'amqplib';
import { endConnection, openConnection } from '#libs/broker';
import { loadBrokerCliConfig, readEnvironment } from '#libs/config';
import { withDeadline } from '#libs/timing';

export const CONNECTION_NAME = 'serverstats-cli';

const CONNECT_TIMEOUT_MS = 10_000;

export interface BrokerSession {
  connection: ChannelModel;
  /** Of one cluster, for a further connection. */
  urls: readonly string[];
}

/** Connects to the broker that RABBITMQ_URL names, for as long as the work takes. @throws ConfigurationError */
export async function withBroker<T>(work: (session: BrokerSession) => Promise<T>): Promise<T> {
  const { rabbitmqUrls: urls } = loadBrokerCliConfig(readEnvironment());
  const connection = await connectToAny(urls);
  // An error event without a listener would end the process; the work learns of it by its channel.
  connection.on('error', () => undefined);
  try {
    return await work({ connection, urls });
  } catch (error) {
    throw hasNoReply(error) ? new Error('the connection to RabbitMQ was lost', { cause: error }) : error;
  } finally {
    await endConnection(connection);
  }
}

/** Whether amqplib rejects a call because its channel ended before the reply. */
function hasNoReply(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Channel ended');
}

async function connectToAny(urls: readonly string[]): Promise<ChannelModel> {
  const failures: unknown[] = [];
  for (const url of urls) {
    try {
      const connecting = openConnection(url, CONNECTION_NAME);
      return await withDeadline({ what: 'connecting to RabbitMQ', ms: CONNECT_TIMEOUT_MS }, connecting);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, 'cannot connect to RabbitMQ');
}
