import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { testVariable } from './test-variable.js';

export interface TestVhost {
  name: string;
  /** The URL of this virtual host, with credentials. */
  url: string;
  /** Opens a connection, which `release` closes. */
  connect(): Promise<ChannelModel>;
  openConfirmChannel(): Promise<ConfirmChannel>;
  /** Closes all connections. The virtual host is not reused, because it still has its queues. */
  release(): Promise<void>;
}

/** Claims a virtual host that no other test of this run uses. */
export async function claimVhost(): Promise<TestVhost> {
  const name = await claimName();
  return vhostAt(testVariable('TEST_BROKER_URL'), name);
}

/** A given virtual host of a broker. */
export function vhostAt(brokerUrl: string, name: string): TestVhost {
  const url = `${brokerUrl}/${name}`;
  const connections: ChannelModel[] = [];

  const open = async () => {
    const connection = await connect(url);
    // Without a listener, the error event of a connection that a test resets would end the process.
    connection.on('error', () => undefined);
    connections.push(connection);
    return connection;
  };
  return {
    name,
    url,
    connect: open,
    openConfirmChannel: async () => {
      const channel = await (await open()).createConfirmChannel();
      channel.on('error', () => undefined);
      return channel;
    },
    release: async () => {
      await Promise.allSettled(connections.splice(0).map((connection) => connection.close()));
    },
  };
}

/** Claims a name by creating a directory, which succeeds in only one process. */
async function claimName(): Promise<string> {
  const claims = testVariable('TEST_VHOST_CLAIMS');
  for (const name of testVariable('TEST_VHOSTS').split(',')) {
    try {
      await mkdir(join(claims, name));
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new Error('every virtual host of the pool is claimed: scripts/test-services.mjs sets how many there are');
}
