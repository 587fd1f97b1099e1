import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startScript } from './start-scripts.js';
import { startService, type ServiceProcess } from './service-process.js';

export interface QueryService extends ServiceProcess {
  url: string;
  key: string;
}

/** A URL on which nothing listens. */
const NO_BROKER = 'amqp://127.0.0.1:1';

export interface QueryServiceOptions {
  /** @defaultValue no broker, for benches that only read */
  brokerUrl?: string;
  /** Further variables. */
  env?: Record<string, string>;
  /** The directory of the checkout. @defaultValue the working directory */
  checkout?: string;
}

export async function startQueryService(
  databaseUrl: string,
  { brokerUrl = NO_BROKER, env: further = {}, checkout }: QueryServiceOptions = {},
): Promise<QueryService> {
  const key = randomBytes(32).toString('hex');
  const env = { DATABASE_URL: databaseUrl, RABBITMQ_URL: brokerUrl, SERVICE_KEY: key, QUERY_PORT: '0', ...further };
  const service = await startService(await startScript('start:query', checkout), env, 'listening on');
  const url = /listening on (http:[\w.:/]+)/.exec(service.startOutput)![1]!;
  await untilReady(url, brokerUrl !== NO_BROKER);
  return { ...service, url, key };
}

async function untilReady(url: string, withBroker: boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const response = await fetch(`${url}/readyz`);
    const { checks } = (await response.json()) as { checks: { rabbitmq: { status: string } } };
    if (response.ok && (!withBroker || checks.rabbitmq.status === 'ok')) return;
    if (Date.now() > deadline) throw new Error('the query service did not become ready');
    await sleep(50);
  }
}
