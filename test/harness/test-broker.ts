import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { testVariable } from './test-variable.js';

export interface TestVhost {
  name: string;
  /** Of this virtual host, with credentials. */
  url: string;
  /** Opened connections are closed by `release`. */
  connect(): Promise<ChannelModel>;
  openConfirmChannel(): Promise<ConfirmChannel>;
  /** Closes what was opened here. The virtual host stays claimed: another test would find its queues. */
  release(): Promise<void>;
}

/** A virtual host that no other test of this run has or gets. */
export async function claimVhost(): Promise<TestVhost> {
  const name = await claimName();
  return vhostAt(testVariable('TEST_BROKER_URL'), name);
}

/** A virtual host of this broker. */
export function vhostAt(brokerUrl: string, name: string): TestVhost {
  const url = `${brokerUrl}/${name}`;
  const connections: ChannelModel[] = [];

  const open = async () => {
    const connection = await connect(url);
    // A test that cuts connections must not be ended by the error event that nobody listens to.
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

/** Making a directory succeeds for one process only, so it decides between workers. */
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
