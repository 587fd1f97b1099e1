import type { Registry } from 'prom-client';
import { AmqpHandover, type EventHandover } from '#libs/broker';
import type { DiscordLoginConfig, QueryConfig } from '#libs/config';
import { CATALOGUE, CounterTypes, StatisticsContract } from '#libs/contracts';
import { Database, DATABASE_OUTAGE } from '#libs/database';
import { ErasureLog } from '#libs/erasure';
import { DiscordClient, DiscordLogin, type DiscordLoginOptions } from '#libs/discord';
import { registerKinds } from '#libs/statistics';
import { systemClock, type Clock } from '#libs/timing';
import {
  DiscordObserver,
  countReconnects,
  createLogger,
  createMetricsRegistry,
  explainListenError,
  measurePool,
  measureQueues,
  OutageLog,
  type HttpLimits,
  type Logger,
  type RunningService,
} from '#libs/observability';
import { createQueryApp } from './create-query-app.js';
import { Outages } from './http/outages.js';

const HANDOVER_OUTAGE = {
  begins: 'events cannot be handed over',
  goesOn: 'events still cannot be handed over',
  ends: 'events can be handed over again',
} as const;

export interface StartQueryOptions {
  /** Receives the events instead of RabbitMQ. The caller must close it after the service. */
  handover?: EventHandover;
  /** @defaultValue the catalogue and the statistics of STATISTICS_FILE */
  contract?: StatisticsContract;
  /** @defaultValue the catalogue of counters */
  counterTypes?: CounterTypes;
  /** The clock for everything that concerns Discord. @defaultValue the system clock */
  clock?: Clock;
  logger?: Logger;
  /** @defaultValue HTTP_LIMITS */
  limits?: HttpLimits;
  /** How long a request waits for its erasure, in milliseconds. @defaultValue ERASURE_TIMEOUT_MS */
  erasureTimeoutMs?: number;
}

/**
 * Starts the query service. It listens when this resolves. Database and broker are connected in the background, and
 * `/readyz` reports their state. `failed` rejects with OutdatedSchemaError if the schema is outdated and automatic
 * migrations are off, and with ConfigurationError if a kind of STATISTICS_FILE is stored with other fields.
 */
export async function startQuery(config: QueryConfig, options: StartQueryOptions = {}): Promise<RunningService> {
  const logger = options.logger ?? createLogger(config.log, 'query');
  const contract = options.contract ?? new StatisticsContract(CATALOGUE, config.ownStatistics);
  const counterTypes = options.counterTypes ?? new CounterTypes();
  const erasureLog = config.erasureLog === undefined ? undefined : await ErasureLog.open(config.erasureLog);
  const database = new Database({
    ...config.database,
    retention: config.retention,
    applicationName: 'serverstats-query',
    prepare: (dataSource) => registerKinds(dataSource, contract),
    onUnavailable: (error, ids) => databaseOutage.note(error, ids),
  });
  const registry = createMetricsRegistry();
  measurePool(registry, () => database.poolUse);
  const clock = options.clock ?? systemClock;
  const databaseOutage = new OutageLog({
    name: 'database',
    messages: DATABASE_OUTAGE,
    probe: () => database.probe(),
    clock,
    logger,
  });
  const handoverOutage: OutageLog = new OutageLog({
    name: options.handover === undefined ? 'rabbitmq' : 'handover',
    messages: HANDOVER_OUTAGE,
    probe: () => handover.probe(),
    clock,
    logger,
  });
  const ownHandover =
    options.handover === undefined
      ? createAmqpHandover({ config, contract, outage: handoverOutage, clock, registry })
      : undefined;
  const handover = options.handover ?? ownHandover!;
  const discordObserver = new DiscordObserver({ registry, clock, logger });
  const { onAnswer } = discordObserver;
  const discord = config.discord && new DiscordClient({ ...config.discord, clock, onAnswer });
  const discordLogin = config.discordLogin && createDiscordLogin(config.discordLogin, onAnswer);
  const { limits, erasureTimeoutMs } = options;
  const shared = { config, contract, counterTypes, database, handover, discord, discordLogin, clock, registry, logger };
  const outages = new Outages(database, handoverOutage);
  const parts = { ...shared, outages, erasureLog, erasureTimeoutMs };
  const app = await createQueryApp(parts, limits);

  const close = async () => {
    for (const outage of [databaseOutage, handoverOutage, discordObserver]) outage.stop();
    await app.close();
    await ownHandover?.close();
    await database.close();
  };
  try {
    await app.listen(config.http.port, config.http.host);
  } catch (error) {
    await close();
    throw explainListenError(error, 'QUERY_PORT');
  }
  ownHandover?.start();
  const failed = database.connected().then(() => new Promise<never>(() => undefined));
  // Prevents an unhandled rejection if the caller does not use it.
  failed.catch(() => undefined);
  const url = urlOf(app.getHttpServer().address() as { port: number }, config.http.host);
  logger.info(`listening on ${url}`);
  return { url, failed, close };
}

function createDiscordLogin(
  { publicUrl, ...config }: DiscordLoginConfig,
  onAnswer: DiscordLoginOptions['onAnswer'],
): DiscordLogin {
  return new DiscordLogin({ ...config, redirectUrl: `${publicUrl.replace(/\/+$/, '')}/auth/callback`, onAnswer });
}

interface AmqpHandoverParts {
  config: QueryConfig;
  contract: StatisticsContract;
  outage: OutageLog;
  clock: Clock;
  registry: Registry;
}

function createAmqpHandover({ config, contract, outage, clock, registry }: AmqpHandoverParts): AmqpHandover {
  const handover = new AmqpHandover({
    urls: config.rabbitmqUrls,
    contract,
    clock,
    onError: (error) => outage.note(error),
    onAlarm: (reason) => {
      if (reason !== undefined) outage.note(new Error(`RabbitMQ has raised an alarm: ${reason}`));
    },
    onReconnect: countReconnects(registry),
  });
  measureQueues(registry, { ready: () => handover.depths.ready() });
  return handover;
}

function urlOf({ port }: { port: number }, host: string): string {
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}
