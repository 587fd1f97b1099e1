import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { connect } from 'amqplib';
import { DEAD_LETTERS, QUEUES } from '#libs/contracts';
import { RABBITMQ_URL } from './servers.js';

/** An empty virtual host for one bench. */
export interface BenchVhost {
  url: string;
  drop(): Promise<void>;
}

const rabbitmqctl = (...args: string[]) => promisify(execFile)('rabbitmqctl', args);

/** Creates a virtual host if this user may do so. Else it uses that of the URL, and empties it before and after. */
export async function createBenchVhost(): Promise<BenchVhost> {
  const url = new URL(RABBITMQ_URL);
  const name = `serverstats-bench-${process.pid}`;
  try {
    await rabbitmqctl('add_vhost', name);
  } catch {
    await deleteQueues();
    return { url: RABBITMQ_URL, drop: deleteQueues };
  }
  await rabbitmqctl('set_permissions', '-p', name, decodeURIComponent(url.username) || 'guest', '.*', '.*', '.*');
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async drop() {
      await rabbitmqctl('delete_vhost', name);
    },
  };
}

async function deleteQueues(): Promise<void> {
  const connection = await connect(RABBITMQ_URL);
  const channel = await connection.createChannel();
  for (const queue of [...Object.values(QUEUES), DEAD_LETTERS]) await channel.deleteQueue(queue);
  await connection.close();
}
