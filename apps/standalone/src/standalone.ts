import { type Environment, loadStandaloneConfig, type StandaloneConfig } from '#libs/config';
import { aborted, settlesWithin } from './condition.js';
import { type DataDirectory, openDataDirectory } from './data-directory.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import type { EmbeddedServer } from './embedded-server.js';
import { type Failure, listenForFailure } from './failure.js';
import { startPrivateBroker } from './private-broker.js';
import { findRabbitmq } from './rabbitmq-installation.js';
import { untilReady } from './readiness.js';
import { RunningParts } from './running-parts.js';
import { obtainServiceKey } from './service-key.js';
import { type OnServiceStarted, type RunningServices, startServices, startServicesWithoutBroker } from './services.js';
import { describeStart, type StartBlock } from './start-block.js';
import type { StopSignals } from './stop-signals.js';

/** A stop may take 15 seconds in total. There are two services. */
const SERVICE_STOP_MS = 3_500;
const BROKER_STOP_MS = 4_500;
const POSTGRES_STOP_MS = 2_500;
const DIRECTORY_STOP_MS = 250;
const WORK_STOP_MS = 500;

/** What every step of a start needs. */
interface Context {
  parts: RunningParts;
  failure: Failure;
  stopRequested: AbortSignal;
  say: (line: string) => void;
}

/** The whole system, after its start. */
export interface RunningSystem extends StartBlock, RunningServices {
  /** The environment of the services. */
  env: Environment;
  serviceKey: string;
  databaseUrl: string;
  /** The path of a file in the data directory. */
  file: (name: string) => string;
  stopRequested: AbortSignal;
  say: (line: string) => void;
}

/**
 * Runs the whole system in one process and its children: Postgres and RabbitMQ if no variable names one, then both
 * services. Resolves after an orderly stop was requested and everything has stopped. If something fails, everything is
 * stopped, and it rejects.
 *
 * @param work is called after the start, and must end soon after a stop is requested. When it ends by itself, the system
 *   is stopped
 */
export async function runStandalone(
  env: Environment,
  stop: StopSignals,
  say: (line: string) => void,
  work: (system: RunningSystem) => Promise<void> = ({ stopRequested }) => aborted(stopRequested),
): Promise<void> {
  const parts = new RunningParts(say);
  const failure = listenForFailure();
  const exit = () => process.exit(1);
  stop.insisted
    .then(() => {
      say('Stopping immediately');
      return parts.stopAtOnce();
    })
    .then(exit, exit);
  try {
    const system = await start(env, { parts, failure, stopRequested: stop.requested, say });
    say(describeStart(system));
    const working = work(system);
    parts.add({
      name: 'the program that uses the system',
      stop: () => working.catch(() => undefined),
      stopWithinMs: WORK_STOP_MS,
    });
    await Promise.race([aborted(stop.requested), failure.happened, working]);
    say('Stopping');
  } catch (error) {
    if (!stop.requested.aborted) throw error;
  } finally {
    await parts.stop();
  }
}

async function start(env: Environment, context: Context): Promise<RunningSystem> {
  const { parts, stopRequested, say } = context;
  const config = loadStandaloneConfig(env);
  const directory = await openDataDirectory(config.dataDir);
  parts.add({ name: 'the data directory', stop: () => directory.release(), stopWithinMs: DIRECTORY_STOP_MS });

  const ownKeyFile = directory.file('service-key');
  const serviceKeys = config.serviceKeys ?? [await obtainServiceKey(ownKeyFile)];
  const serviceKeyFile = config.serviceKeys === undefined ? ownKeyFile : undefined;
  const databaseUrl = config.databaseUrl ?? (await startPostgres(directory, context));
  stopRequested.throwIfAborted();
  const broker = await findOrStartBroker(config, directory, context);
  stopRequested.throwIfAborted();

  const completed = { ...env, SERVICE_KEY: serviceKeys.join(','), DATABASE_URL: databaseUrl };
  const services = await runServices(completed, broker, context);
  const file = (name: string) => directory.file(name);
  const [serviceKey] = serviceKeys as [string];
  return { ...services, env: completed, serviceKey, serviceKeyFile, databaseUrl, broker, file, stopRequested, say };
}

async function startPostgres(directory: DataDirectory, context: Context): Promise<string> {
  const postgres = await startEmbeddedPostgres(directory, context);
  addServer('Postgres', postgres, POSTGRES_STOP_MS, context);
  return postgres.url;
}

async function findOrStartBroker(
  { rabbitmqUrls }: StandaloneConfig,
  directory: DataDirectory,
  context: Context,
): Promise<StartBlock['broker']> {
  if (rabbitmqUrls) return { kind: 'configured', urls: rabbitmqUrls };
  const installation = await findRabbitmq();
  if (!installation) return { kind: 'none' };
  const rabbitmq = await startPrivateBroker(directory, { installation, ...context });
  addServer('RabbitMQ', rabbitmq, BROKER_STOP_MS, context);
  return { kind: 'private', url: rabbitmq.url };
}

function addServer(name: string, server: EmbeddedServer, stopWithinMs: number, { parts, failure }: Context): void {
  parts.add({ name, stop: () => server.stop(), stopAtOnce: () => server.stopAtOnce(), stopWithinMs });
  failure.watchServer(server.ended);
}

/** Resolves when both services are ready. */
async function runServices(env: Environment, broker: StartBlock['broker'], context: Context): Promise<RunningServices> {
  const { parts, failure, stopRequested, say } = context;
  const urls: string[] = [];
  const onStarted: OnServiceStarted = (name, service) => {
    parts.add({ name, stop: () => service.close(), stopWithinMs: SERVICE_STOP_MS });
    failure.watchService(service.failed);
    urls.push(service.url);
  };
  const startAll = async () => {
    if (broker.kind === 'none') return startServicesWithoutBroker(env, onStarted);
    return startServices(broker.kind === 'private' ? { ...env, RABBITMQ_URL: broker.url } : env, onStarted);
  };
  const starting = startAll();
  const running = await Promise.race([starting, failure.happened, giveUpOnStop(starting, stopRequested)]);
  const ready = Promise.all(urls.map((service) => untilReady(service, stopRequested, say)));
  await Promise.race([ready, failure.happened]);
  return running;
}

/** A start that waits for a database or a broker must not delay a stop; one that is about to finish may. */
async function giveUpOnStop(starting: Promise<unknown>, stopRequested: AbortSignal): Promise<never> {
  await aborted(stopRequested);
  await settlesWithin(starting, SERVICE_STOP_MS);
  throw stopRequested.reason;
}
