import type { Socket } from 'node:net';
import { connect, type ChannelModel } from 'amqplib';
import { withDeadline } from '#libs/timing';
import { explainRefusal } from './handshake-refusal.js';
import { tolerateUnreadableProperties } from './unreadable-properties.js';

const CONNECT_TIMEOUT_MS = 4_000;
const CLOSE_TIMEOUT_MS = 2_000;
const HEARTBEAT_SECONDS = 10;

/**
 * Connects once, without reconnecting.
 *
 * @param name shown in the broker's list of connections
 * @throws Error that says why RabbitMQ refuses the connection or cannot be reached
 */
export async function openConnection(url: string, name: string): Promise<ChannelModel> {
  const connection = await connect(withHeartbeat(url), {
    timeout: CONNECT_TIMEOUT_MS,
    // Otherwise the end of a message of several packets waits 40 ms for an acknowledgement.
    noDelay: true,
    clientProperties: { connection_name: name },
  }).catch((error: Error) => {
    throw explainRefusal(error, url);
  });
  tolerateUnreadableProperties(connection);
  return connection;
}

/**
 * Closes the connection within 2 s, because a dead socket or a blocked connection never answers the closing handshake.
 * The socket is destroyed with an error; otherwise amqplib would not notice.
 */
export async function endConnection(connection: ChannelModel): Promise<void> {
  await withDeadline({ what: 'closing the connection', ms: CLOSE_TIMEOUT_MS }, connection.close()).catch(
    () => undefined,
  );
  socketOf(connection).destroy(new Error('the connection is closed'));
}

/** The socket, which amqplib's types do not expose. */
export function socketOf(connection: ChannelModel): Socket {
  return (connection.connection as unknown as { stream: Socket }).stream;
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return parsed.toString();
}
