import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { EventHandover } from '#libs/broker';
import type { IngestionConfig } from '#libs/config';
import { CATALOGUE, CounterTypes, QUEUES, StatisticsContract } from '#libs/contracts';
import { Database, DATABASE_OUTAGE } from '#libs/database';
import { ErasureLog } from '#libs/erasure';
import { DiscordClient } from '#libs/discord';
import { registerKinds } from '#libs/statistics';
import { systemClock, type Clock } from '#libs/timing';
import {
  DiscordObserver,
  countReconnects,
  createLogger,
  createMetricsRegistry,
  explainListenError,
  HealthChecks,
  HTTP_LIMITS,
  measurePool,
  measureQueues,
  measureReadiness,
  NestLogger,
  OutageLog,
  serverLimits,
  type HealthProbe,
  type Logger,
  type RunningService,
} from '#libs/observability';
import { IngestionModule } from './ingestion.module.js';
import { Intake } from './intake/intake.service.js';
import type { ServiceParts } from './service-parts.module.js';
import { BatchConsumerServer } from './transports/amqp/batch-consumer.server.js';
import { InProcessServer } from './transports/in-process/in-process.server.js';

/** The limit for request bodies in bytes. No route needs a body. */
const BODY_LIMIT = 1_024;

export interface IngestionOptions {
  /** @defaultValue the catalogue and the statistics of STATISTICS_FILE */
  contract?: StatisticsContract;
  /** @defaultValue the catalogue of counters */
  counterTypes?: CounterTypes;
  /** The clock of everything that waits for Discord. @defaultValue the system's */
  clock?: Clock;
  logger?: Logger;
}

/** Starts the ingestion service: listens for health checks and consumes from RabbitMQ. */
export async function startIngestion(config: IngestionConfig, options: IngestionOptions = {}): Promise<RunningService> {
  const { parts, app, failed, outages } = await createApp(config, options, {
    rabbitmq: { probe: () => server.probeConnection(), whenFailing: 'failed' },
    consumers: { probe: () => server.probeConsumers(), whenFailing: 'failed' },
  });
  const server = new BatchConsumerServer({
    urls: config.rabbitmqUrls,
    contract: parts.contract,
    intake: app.get(Intake),
    prefetch: config.batch.prefetch,
    batch: config.batch,
    // Statistics may be stored in any order, so the next batch is written while one commits.
    batchesAtOnce: { [QUEUES.statistics]: 2 },
    database: parts.database,
    logger: parts.logger,
    clock: options.clock,
    onReconnect: countReconnects(parts.registry),
  });
  measureQueues(parts.registry, {
    ready: () => server.depths.ready(),
    unacknowledged: () => server.unacknowledged,
  });
  app.connectMicroservice<MicroserviceOptions>({ strategy: server });
  const url = await listen(app, parts, outages);
  // Consuming starts after migrating, because batches cannot be stored without the schema.
  parts.database.connected().then(
    () => (parts.database.isUsable ? app.startAllMicroservices() : undefined),
    () => undefined, // reported by `failed`
  );
  return { url, failed, close: () => close(app, parts, outages) };
}

/** Starts the service without a broker: events are handed over by a call in this process. */
export async function startIngestionInProcess(
  config: IngestionConfig,
  options: IngestionOptions = {},
): Promise<RunningService & { handover: EventHandover }> {
  const { parts, app, failed, outages } = await createApp(config, options, {});
  const handover = new InProcessServer({ intake: app.get(Intake), batch: config.batch });
  app.connectMicroservice<MicroserviceOptions>({ strategy: handover });
  const url = await listen(app, parts, outages);
  await app.startAllMicroservices();
  return { url, failed, handover, close: () => close(app, parts, outages) };
}

type OutageLogs = readonly Pick<OutageLog, 'stop'>[];

async function createApp(config: IngestionConfig, options: IngestionOptions, probes: Record<string, HealthProbe>) {
  const logger = options.logger ?? createLogger(config.log, 'ingestion');
  const clock = options.clock ?? systemClock;
  const erasureLog = config.erasureLog === undefined ? undefined : await ErasureLog.open(config.erasureLog);
  const contract = options.contract ?? new StatisticsContract(CATALOGUE, config.ownStatistics);
  const database = new Database({
    ...config.database,
    applicationName: 'serverstats-ingestion',
    prepare: (dataSource) => registerKinds(dataSource, contract),
    retention: config.retention,
    onUnavailable: (error, ids) => databaseOutage.note(error, ids),
  });
  const databaseOutage = new OutageLog({
    name: 'database',
    messages: DATABASE_OUTAGE,
    probe: () => database.probeWrite(),
    clock,
    logger,
  });
  const registry = createMetricsRegistry();
  measurePool(registry, () => database.poolUse);
  const discordObserver = new DiscordObserver({ registry, clock, logger });
  const { onAnswer } = discordObserver;
  const discord = config.discord && new DiscordClient({ ...config.discord, clock, onAnswer });
  const parts: ServiceParts = {
    config,
    logger,
    database,
    contract,
    counterTypes: options.counterTypes ?? new CounterTypes(),
    health: new HealthChecks({
      database: { probe: () => database.probeWrite(), whenFailing: 'failed' },
      ...probes,
      // Statistics work without Discord.
      ...(discord && { discord: { probe: () => discord.probe(), whenFailing: 'degraded' } }),
    }),
    registry,
    discord,
    clock,
    erasureLog,
  };
  measureReadiness(registry, parts.health);
  const failed = database.connected().then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined); // handled by the caller
  const server = new FastifyAdapter({ ...serverLimits(HTTP_LIMITS), bodyLimit: BODY_LIMIT });
  server.getInstance().server.maxConnections = HTTP_LIMITS.maxConnections;
  const app = await NestFactory.create<NestFastifyApplication>(IngestionModule.with(parts), server, {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  return { parts, app, failed, outages: [databaseOutage, discordObserver] };
}

async function listen(app: NestFastifyApplication, parts: ServiceParts, outages: OutageLogs): Promise<string> {
  const { config, logger } = parts;
  try {
    await app.listen(config.http.port, config.http.host);
  } catch (error) {
    await close(app, parts, outages);
    throw explainListenError(error, 'INGESTION_PORT');
  }
  const url = await app.getUrl();
  logger.info(`ingestion listens on ${url}`);
  return url;
}

async function close(
  app: NestFastifyApplication,
  { database, logger }: ServiceParts,
  outages: OutageLogs,
): Promise<void> {
  logger.info('draining');
  for (const outage of outages) outage.stop();
  database.stopConnecting();
  await app.close();
  await database.close();
  logger.info('stopped');
}
