import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { systemClock } from '#libs/timing';
import { configureBroker } from './broker-configuration.js';
import type { DataDirectory } from './data-directory.js';
import type { EmbeddedServer, StartOptions } from './embedded-server.js';
import { findFreePort } from './free-port.js';
import { endLeftovers } from './leftover-processes.js';
import { readStored, writePrivateFile } from './private-file.js';
import type { RabbitmqInstallation } from './rabbitmq-installation.js';
import { type EndingStep, ServerProcess } from './server-process.js';
import { StartupError } from './startup-error.js';

const USER = 'serverstats';
const STANDARD_AMQP_PORT = 5672;
const START_LIMIT_MS = 120_000;
const POLL_INTERVAL_MS = 100;
const CONNECT_TIMEOUT_MS = 5_000;

/** SIGTERM is the orderly shutdown. */
const ORDERLY_END: readonly EndingStep[] = [
  { signal: 'SIGTERM', waitMs: 4_000 },
  { signal: 'SIGKILL', waitMs: 500 },
];
const IMMEDIATE_END: readonly EndingStep[] = [{ signal: 'SIGKILL', waitMs: 500 }];
const LEFTOVER_END: readonly EndingStep[] = [{ signal: 'SIGTERM', waitMs: 15_000 }];

interface StoredSettings {
  port: number;
  password: string;
}

export interface PrivateBrokerOptions extends StartOptions {
  installation: RabbitmqInstallation;
  /** @defaultValue `['/']` */
  vhosts?: readonly string[];
  /** Used if the port of the last start is not free. @defaultValue RabbitMQ's standard port */
  preferredPort?: number;
}

export interface PrivateBroker extends EmbeddedServer {
  /** The environment in which RabbitMQ's tools, such as rabbitmqctl, reach this broker. */
  toolEnvironment: NodeJS.ProcessEnv;
}

/** Starts a private broker on loopback, with all its files in the data directory. */
export async function startPrivateBroker(
  directory: DataDirectory,
  { installation, vhosts = ['/'], preferredPort = STANDARD_AMQP_PORT, stopRequested, say }: PrivateBrokerOptions,
): Promise<PrivateBroker> {
  const marker = `${directory.marker}-rabbitmq`;
  await endLeftovers({ what: 'RabbitMQ', marker, steps: LEFTOVER_END });

  const settingsPath = directory.file('rabbitmq.json');
  const stored = (await readStored<StoredSettings>(settingsPath)) ?? {};
  const password = stored.password ?? randomBytes(24).toString('base64url');
  const amqpPort = await findFreePort([stored.port, preferredPort]);
  await writePrivateFile(settingsPath, JSON.stringify({ port: amqpPort, password } satisfies StoredSettings));

  const home = directory.file('rabbitmq');
  await mkdir(home, { recursive: true, mode: 0o700 });
  say(`Starting RabbitMQ (${installation.server}) in ${home}`);
  const epmdPort = await findFreePort();
  const distributionPort = await findFreePort();
  const env = await configureBroker({
    directory: home,
    user: USER,
    password,
    vhosts,
    amqpPort,
    distributionPort,
    epmdPort,
    marker,
  });

  const epmd = await startPortMapper(installation, epmdPort, marker, home);
  try {
    const broker = await ServerProcess.start({
      command: installation.server,
      args: [],
      env,
      cwd: home,
      logFile: join(home, 'output.log'),
    });
    const endAll = async (steps: readonly EndingStep[]) => {
      await broker.stop(steps);
      await epmd.stop(IMMEDIATE_END);
    };
    const url = `amqp://${USER}:${encodeURIComponent(password)}@127.0.0.1:${amqpPort}`;
    if (await becomesReady(broker, `${url}/${encodeURIComponent(vhosts[0] ?? '/')}`, stopRequested)) {
      return {
        url,
        toolEnvironment: env,
        ended: Promise.race([broker.exited, epmd.exited]).then((how) => `RabbitMQ ${how}; its logs are in ${home}`),
        stop: () => endAll(ORDERLY_END),
        stopAtOnce: () => endAll(IMMEDIATE_END),
      };
    }
    const how = broker.hasEnded ? await broker.exited : `is not ready after ${START_LIMIT_MS / 1000} s`;
    await endAll(IMMEDIATE_END);
    stopRequested.throwIfAborted();
    throw new StartupError(`the private RabbitMQ ${how}; its last output:\n${broker.logTail()}`);
  } catch (error) {
    await epmd.stop(IMMEDIATE_END);
    throw error;
  }
}

/**
 * Starts Erlang's port mapper for this broker only. A port mapper that the broker starts itself would keep running
 * after the broker's end, and other brokers could share it.
 */
async function startPortMapper(
  { epmd }: RabbitmqInstallation,
  port: number,
  marker: string,
  directory: string,
): Promise<ServerProcess> {
  const mapper = await ServerProcess.start({
    command: epmd,
    // epmd rejects unknown arguments, so the marker is in argv[0].
    argv0: `${marker}-epmd`,
    args: ['-port', String(port), '-address', '127.0.0.1'],
    env: { PATH: process.env.PATH },
    cwd: directory,
    logFile: join(directory, 'epmd.log'),
  });
  const deadline = Date.now() + CONNECT_TIMEOUT_MS;
  while (!mapper.hasEnded && Date.now() < deadline) {
    if (await accepts(port)) return mapper;
    await systemClock.sleep(POLL_INTERVAL_MS);
  }
  await mapper.stop(IMMEDIATE_END);
  throw new StartupError(`Erlang's port mapper (${epmd}) does not start: ${mapper.logTail()}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function becomesReady(broker: ServerProcess, url: string, stopRequested: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (!broker.hasEnded && !stopRequested.aborted && Date.now() < deadline) {
    try {
      const connection = await connect(url, { timeout: CONNECT_TIMEOUT_MS });
      await connection.close();
      return true;
    } catch {
      await systemClock.sleep(POLL_INTERVAL_MS);
    }
  }
  return false;
}
