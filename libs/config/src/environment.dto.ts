import { AtLeast, Requires, Variable } from './variable.decorator.js';
import {
  amqpUrls,
  discordId,
  integer,
  networks,
  oneOf,
  origins,
  postgresUrl,
  secret,
  serviceKeys,
  text,
  url,
} from './value-types.js';

/**
 * All environment variables. README.md describes them.
 *
 * A variable without a default is undefined if it is not set. Each program declares the variables that it requires.
 */
export class EnvironmentDto {
  /** Postgres 15 to 18. Required, except for standalone, which can start an embedded Postgres. */
  @Variable(postgresUrl)
  DATABASE_URL?: string;

  /** The maximum number of connections per instance. A migration needs two. */
  @Variable(integer(2, 1_000))
  DATABASE_POOL_SIZE = 10;

  /** `auto` migrates at the start. `manual` refuses to start with an outdated schema. */
  @Variable(oneOf('auto', 'manual'))
  DATABASE_MIGRATIONS: 'auto' | 'manual' = 'auto';

  /** The database URL for migrations, if DATABASE_URL is that of a pooler. Defaults to DATABASE_URL. */
  @Variable(postgresUrl)
  DATABASE_MIGRATIONS_URL?: string;

  /** The URLs are tried in order. Required, except for standalone, which can start or replace a broker. */
  @Variable(amqpUrls)
  RABBITMQ_URL?: string[];

  /** The bot's credential for the API. Two while it is being changed; both are accepted. */
  @Variable(serviceKeys)
  SERVICE_KEY?: string[];

  /** The address on which both services listen. */
  @Variable(text('a host name or an IP address', /^[0-9A-Za-z._:[\]-]{1,255}$/))
  HOST = '127.0.0.1';

  /** 0 uses a free port. */
  @Variable(integer(0, 65_535))
  QUERY_PORT = 3_000;

  @Variable(integer(0, 65_535))
  INGESTION_PORT = 3_001;

  /** Without it, starboard and counter panels do not work. */
  @Variable(secret('the token of a Discord bot, without spaces', /^[\x21-\x7e]+$/))
  DISCORD_TOKEN?: string;

  /** Replaces the URL of Discord's API, for proxies and tests. */
  @Variable(url('a URL like https://discord.com/api', ['http:', 'https:']))
  DISCORD_API_URL?: string;

  /** With the client secret, people can log in to the dashboard with Discord. */
  @Variable(discordId)
  @Requires('DISCORD_CLIENT_SECRET', 'PUBLIC_URL')
  DISCORD_CLIENT_ID?: string;

  @Variable(secret('the client secret of a Discord application, without spaces', /^[\x21-\x7e]+$/))
  @Requires('DISCORD_CLIENT_ID', 'PUBLIC_URL')
  DISCORD_CLIENT_SECRET?: string;

  /** The URL of the dashboard for browsers. */
  @Variable(url('a URL like https://stats.example.org', ['http:', 'https:']))
  PUBLIC_URL?: string;

  /** Origins whose pages may call the API from a browser. Without it, none may. */
  @Variable(origins)
  CORS_ORIGINS?: string[];

  /** The maximum number of unacknowledged messages. AMQP limits it to 16 bits. */
  @Variable(integer(1, 65_535))
  @AtLeast('INGESTION_BATCH_SIZE', 2)
  INGESTION_PREFETCH = 8_000;

  /** The maximum number of events per batch. */
  @Variable(integer(1, 10_000))
  INGESTION_BATCH_SIZE = 4_000;

  /** How long the first event of a batch waits for others, in milliseconds. */
  @Variable(integer(1, 10_000))
  INGESTION_BATCH_MAX_AGE_MS = 50;

  /** How long events are kept, in days. */
  @Variable(integer(1, 400))
  RETENTION_DAYS = 62;

  /** How long totals and guild snapshots are kept, in days. */
  @Variable(integer(1, 4_000))
  @AtLeast('RETENTION_DAYS')
  SUMMARY_RETENTION_DAYS = 400;

  /** Requests per key, and failed authentication attempts per address. 0 disables the limits. */
  @Variable(integer(0, 1_000_000))
  RATE_LIMIT_PER_MINUTE = 600;

  /** Proxies whose X-Forwarded-For header is trusted. */
  @Variable(networks)
  TRUSTED_PROXIES: string[] = [];

  /** A file to which erasures are logged. Without it, they are not logged. */
  @Variable(text('the path of a file', /^[^\0]+$/))
  ERASURE_LOG?: string;

  /** A JSON file with statistics of one's own. Every service needs the same file. */
  @Variable(text('the path of a file', /^[^\0]+$/))
  STATISTICS_FILE?: string;

  @Variable(oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'))
  LOG_LEVEL: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent' = 'info';

  /** Defaults to `pretty` on a terminal, else to `json`. */
  @Variable(oneOf('json', 'pretty'))
  LOG_FORMAT?: 'json' | 'pretty';

  /** The directory for the data of standalone. */
  @Variable(text('the path of a directory', /^[^\0]+$/))
  DATA_DIR = '.serverstats';
}
