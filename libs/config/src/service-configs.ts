import type { OwnStatistics } from '#libs/contracts';
import type { Environment } from './environment.js';
import { readOwnStatistics } from './own-statistics.js';
import { readVariables, type ValuesWith } from './read-variables.js';
import type { EnvironmentDto } from './environment.dto.js';

export interface DatabaseConfig {
  url: string;
  /** The maximum number of connections. */
  poolSize: number;
  /** `auto` migrates at the start. `manual` refuses to start with an outdated schema. */
  migrations: 'auto' | 'manual';
  /** The URL for migrations. @defaultValue `url` */
  migrationsUrl?: string;
}

/** How long data is kept. An abstract class, so that Nest can inject it by its type. */
export abstract class RetentionConfig {
  /** How long events are kept, in days. */
  abstract readonly eventDays: number;
  /** How long totals and guild snapshots are kept, in days. */
  abstract readonly summaryDays: number;
}

export interface HttpConfig {
  host: string;
  /** 0 uses a free port. */
  port: number;
}

export interface LogConfig {
  level: EnvironmentDto['LOG_LEVEL'];
  format: 'json' | 'pretty';
}

export interface DiscordConfig {
  /** The bot token. */
  token: string;
  /** Replaces the URL of Discord's API, without the version. */
  apiUrl?: string;
}

/** The Discord application with which people log in. */
export interface DiscordLoginConfig {
  clientId: string;
  clientSecret: string;
  /** The URL of the service for browsers. */
  publicUrl: string;
  /** Replaces the URL of Discord's API, without the version. */
  apiUrl?: string;
}

interface ServiceConfig {
  database: DatabaseConfig;
  retention: RetentionConfig;
  /** Tried in order. Empty only if the caller replaces the broker. */
  rabbitmqUrls: string[];
  http: HttpConfig;
  /** Undefined if DISCORD_TOKEN is not set. */
  discord?: DiscordConfig;
  /** The path of the erasure log. */
  erasureLog?: string;
  /** The statistics of STATISTICS_FILE. */
  ownStatistics: OwnStatistics;
  log: LogConfig;
}

export interface QueryConfig extends ServiceConfig {
  /** One, or two while it is being changed. */
  serviceKeys: string[];
  /** Requests per key, and failed authentication attempts per address. 0 disables the limits. */
  rateLimitPerMinute: number;
  /** Addresses and networks of proxies whose X-Forwarded-For header is trusted. */
  trustedProxies: string[];
  /** Origins whose pages may call the API from a browser, such as `https://stats.example.org`. */
  corsOrigins: string[];
  /** The URL of the service for browsers. */
  publicUrl?: string;
  /** Undefined without DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET: people log in with a key. */
  discordLogin?: DiscordLoginConfig;
}

export interface IngestionConfig extends ServiceConfig {
  batch: {
    /** The maximum number of unacknowledged messages. */
    prefetch: number;
    /** The maximum number of events per batch. */
    size: number;
    /** How long the first event of a batch waits for others, in milliseconds. */
    maxAgeMs: number;
  };
}

export interface MigrateConfig {
  /** The database URL for migrations. */
  databaseUrl: string;
  retention: RetentionConfig;
}

export interface CliConfig {
  databaseUrl: string;
}

/** For commands that use RabbitMQ alone. */
export interface BrokerCliConfig {
  /** Tried in turn. */
  rabbitmqUrls: string[];
}

/** The configuration that standalone needs before it starts the missing database and broker. */
export interface StandaloneConfig {
  /** The directory for the data of standalone. */
  dataDir: string;
  databaseUrl?: string;
  rabbitmqUrls?: string[];
  serviceKeys?: string[];
  log: LogConfig;
}

export interface LoadOptions {
  /** Whether RABBITMQ_URL may be missing, because the caller replaces the broker. @defaultValue false */
  withoutBroker?: boolean;
}

/** @throws ConfigurationError */
export function loadQueryConfig(env: Environment, options: LoadOptions = {}): QueryConfig {
  const { statistics, mistakes } = readOwnStatistics(env);
  const values = readVariables(env, ['DATABASE_URL', ...brokerVariables(options), 'SERVICE_KEY'], mistakes);
  return {
    ...serviceConfig(values, statistics, values.QUERY_PORT),
    serviceKeys: values.SERVICE_KEY,
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    trustedProxies: values.TRUSTED_PROXIES,
    corsOrigins: values.CORS_ORIGINS ?? [],
    publicUrl: values.PUBLIC_URL,
    discordLogin: discordLoginConfig(values),
  };
}

/** @throws ConfigurationError */
export function loadIngestionConfig(env: Environment, options: LoadOptions = {}): IngestionConfig {
  const { statistics, mistakes } = readOwnStatistics(env);
  const values = readVariables(env, ['DATABASE_URL', ...brokerVariables(options)], mistakes);
  return {
    ...serviceConfig(values, statistics, values.INGESTION_PORT),
    batch: {
      prefetch: values.INGESTION_PREFETCH,
      size: values.INGESTION_BATCH_SIZE,
      maxAgeMs: values.INGESTION_BATCH_MAX_AGE_MS,
    },
  };
}

/** @throws ConfigurationError */
export function loadMigrateConfig(env: Environment): MigrateConfig {
  const values = readVariables(env, env.DATABASE_MIGRATIONS_URL ? ['DATABASE_MIGRATIONS_URL'] : ['DATABASE_URL']);
  return { databaseUrl: values.DATABASE_MIGRATIONS_URL ?? values.DATABASE_URL, retention: retentionConfig(values) };
}

/** @throws ConfigurationError */
export function loadCliConfig(env: Environment): CliConfig {
  return { databaseUrl: readVariables(env, ['DATABASE_URL']).DATABASE_URL };
}

/** @throws ConfigurationError */
export function loadBrokerCliConfig(env: Environment): BrokerCliConfig {
  return { rabbitmqUrls: readVariables(env, ['RABBITMQ_URL']).RABBITMQ_URL };
}

/**
 * Loads the configuration of standalone. After it has started a database and a broker, standalone adds DATABASE_URL,
 * RABBITMQ_URL and SERVICE_KEY to the environment and loads the configurations of both services.
 *
 * @throws ConfigurationError
 */
export function loadStandaloneConfig(env: Environment): StandaloneConfig {
  // The services read the file again. A mistake in it is reported before anything is started.
  const values = readVariables(env, [], readOwnStatistics(env).mistakes);
  return {
    dataDir: values.DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    rabbitmqUrls: values.RABBITMQ_URL,
    serviceKeys: values.SERVICE_KEY,
    log: logConfig(values),
  };
}

function brokerVariables({ withoutBroker = false }: LoadOptions): 'RABBITMQ_URL'[] {
  return withoutBroker ? [] : ['RABBITMQ_URL'];
}

function serviceConfig(values: ValuesWith<'DATABASE_URL'>, ownStatistics: OwnStatistics, port: number): ServiceConfig {
  return {
    database: {
      url: values.DATABASE_URL,
      poolSize: values.DATABASE_POOL_SIZE,
      migrations: values.DATABASE_MIGRATIONS,
      migrationsUrl: values.DATABASE_MIGRATIONS_URL,
    },
    retention: retentionConfig(values),
    rabbitmqUrls: values.RABBITMQ_URL ?? [],
    http: { host: values.HOST, port },
    discord: discordConfig(values),
    erasureLog: values.ERASURE_LOG,
    ownStatistics,
    log: logConfig(values),
  };
}

function retentionConfig(values: EnvironmentDto): RetentionConfig {
  return { eventDays: values.RETENTION_DAYS, summaryDays: values.SUMMARY_RETENTION_DAYS };
}

function discordConfig({ DISCORD_TOKEN: token, DISCORD_API_URL: apiUrl }: EnvironmentDto): DiscordConfig | undefined {
  return token === undefined ? undefined : { token, apiUrl };
}

/** The variables require each other. */
function discordLoginConfig(values: EnvironmentDto): DiscordLoginConfig | undefined {
  const { DISCORD_CLIENT_ID: clientId, DISCORD_CLIENT_SECRET: clientSecret, PUBLIC_URL: publicUrl } = values;
  if (clientId === undefined || clientSecret === undefined || publicUrl === undefined) return undefined;
  return { clientId, clientSecret, publicUrl, apiUrl: values.DISCORD_API_URL };
}

function logConfig(values: EnvironmentDto): LogConfig {
  return { level: values.LOG_LEVEL, format: values.LOG_FORMAT ?? (process.stdout.isTTY ? 'pretty' : 'json') };
}
