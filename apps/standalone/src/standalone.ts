import { type Environment, loadIngestionConfig, loadQueryConfig, loadStandaloneConfig } from '#libs/config';
import { startIngestion } from '../../ingestion/src/start-ingestion.js';
import { startQuery } from '../../query/src/start-query.js';
import { settlesWithin } from './condition.js';
import { openDataDirectory } from './data-directory.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import type { EmbeddedServer } from './embedded-server.js';
import { startInProcessBroker } from './in-process-broker.js';
import { startPrivateBroker } from './private-broker.js';
import { findRabbitmq } from './rabbitmq-installation.js';
import { RunningParts } from './running-parts.js';
import { obtainServiceKey } from './service-key.js';
import { describeStart, type StartBlock } from './start-block.js';
import { StartupError } from './startup-error.js';
import type { StopSignals } from './stop-signals.js';

/** Together within the 15 seconds that a stop may take. */
const SERVICE_STOP_MS = 3_500;
const BROKER_STOP_MS = 4_500;
const POSTGRES_STOP_MS = 2_500;

/**
 * The whole system in one process and its children: Postgres and RabbitMQ where no variable names one, then both
 * services. Resolves once everything was stopped because somebody asked; rejects, with everything stopped, when
 * something failed.
 */
export async function runStandalone(env: Environment, stop: StopSignals, say: (line: string) => void): Promise<void> {
  const parts = new RunningParts(say);
  void stop.insisted.then(async () => {
    say('Ending at once');
    await parts.stopAtOnce();
    process.exit(1);
  });
  try {
    const failure = listenForFailure();
    const block = await start(env, parts, stop.requested, failure, say);
    say(describeStart(block));
    await Promise.race([aborted(stop.requested), failure.happened]);
    say('Stopping');
  } catch (error) {
    if (!stop.requested.aborted) throw error;
  } finally {
    await parts.stop();
  }
}

async function start(
  env: Environment,
  parts: RunningParts,
  stopRequested: AbortSignal,
  failure: Failure,
  say: (line: string) => void,
): Promise<StartBlock> {
  const config = loadStandaloneConfig(env);
  const directory = await openDataDirectory(config.dataDir);
  parts.add({ name: 'the data directory', stop: () => directory.release(), stopWithinMs: 500 });

  const serviceKeyFile = config.serviceKey === undefined ? directory.file('service-key') : undefined;
  const completed: Record<string, string | undefined> = { ...env };
  if (serviceKeyFile) completed.SERVICE_KEY = await obtainServiceKey(serviceKeyFile);

  const addServer = (name: string, server: EmbeddedServer, stopWithinMs: number) => {
    parts.add({ name, stop: () => server.stop(), stopAtOnce: () => server.stopAtOnce(), stopWithinMs });
    failure.watch(server.ended);
  };
  if (config.databaseUrl === undefined) {
    const postgres = await startEmbeddedPostgres(directory, { stopRequested, say });
    addServer('Postgres', postgres, POSTGRES_STOP_MS);
    completed.DATABASE_URL = postgres.url;
  }
  stopRequested.throwIfAborted();

  const installation = config.rabbitmqUrls === undefined ? await findRabbitmq() : undefined;
  let broker: StartBlock['broker'] = config.rabbitmqUrls
    ? { kind: 'configured', urls: config.rabbitmqUrls }
    : { kind: 'none' };
  if (installation) {
    const rabbitmq = await startPrivateBroker(directory, { installation, stopRequested, say });
    addServer('RabbitMQ', rabbitmq, BROKER_STOP_MS);
    completed.RABBITMQ_URL = rabbitmq.url;
    broker = { kind: 'private', url: rabbitmq.url };
  }
  stopRequested.throwIfAborted();

  const starting = startServices(completed, broker.kind === 'none', parts);
  const url = await Promise.race([starting, failure.happened, giveUpOnStop(starting, stopRequested)]);
  return { url, serviceKeyFile, broker };
}

/** Ingestion first, so that whatever the query service hands over finds its queues. Returns the query service's URL. */
async function startServices(env: Environment, withoutBroker: boolean, parts: RunningParts): Promise<string> {
  const addService = (name: string, service: { close(): Promise<void> }) =>
    parts.add({ name, stop: () => service.close(), stopWithinMs: SERVICE_STOP_MS });

  if (withoutBroker) {
    const inProcess = await startInProcessBroker(env);
    addService('the in-process ingestion', inProcess);
    const query = await startQuery(loadQueryConfig(env, { withoutBroker: true }), { handover: inProcess.handover });
    addService('the query service', query);
    return query.url;
  }
  const ingestion = await startIngestion(loadIngestionConfig(env));
  addService('the ingestion service', ingestion);
  const query = await startQuery(loadQueryConfig(env));
  addService('the query service', query);
  return query.url;
}

/** A start that waits for a database or a broker must not keep a stop waiting; one that is about to finish may. */
async function giveUpOnStop(starting: Promise<unknown>, stopRequested: AbortSignal): Promise<never> {
  await aborted(stopRequested);
  await settlesWithin(starting, SERVICE_STOP_MS);
  throw stopRequested.reason;
}

/** The first thing that goes wrong by itself: a server that ends, or an error that nobody caught. */
interface Failure {
  happened: Promise<never>;
  watch(ended: Promise<string>): void;
}

function listenForFailure(): Failure {
  let fail: (error: Error) => void = () => undefined;
  const happened = new Promise<never>((_, reject) => (fail = reject));
  // Nobody may be waiting yet when it happens; whoever waits later learns of it still.
  happened.catch(() => undefined);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', (reason) => fail(reason instanceof Error ? reason : new Error(String(reason))));
  return {
    happened,
    watch: (ended) => void ended.then((how) => fail(new StartupError(how))),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
