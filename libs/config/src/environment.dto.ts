import { AtLeast, Variable } from './variable.decorator.js';
import {
  amqpUrls,
  discordId,
  integer,
  networks,
  oneOf,
  origins,
  postgresUrl,
  secret,
  text,
  url,
} from './value-types.js';

/**
 * Every variable that configures a service, as it is read. README.md lists those that are in use.
 *
 * A variable without a default is undefined when nobody sets it. Which of them a program needs, it says itself.
 */
export class EnvironmentDto {
  /** Postgres 15 to 18. Required, but standalone starts an embedded one. */
  @Variable(postgresUrl)
  DATABASE_URL?: string;

  /** Connections that an instance may hold. Migrating takes two at once. */
  @Variable(integer(2, 1_000))
  DATABASE_POOL_SIZE = 10;

  /** Whether a start migrates (`auto`), or refuses to run on an old schema (`manual`). */
  @Variable(oneOf('auto', 'manual'))
  DATABASE_MIGRATIONS: 'auto' | 'manual' = 'auto';

  /** Where migrations connect. DATABASE_URL without it; where that leads through a pooler, Postgres itself. */
  @Variable(postgresUrl)
  DATABASE_MIGRATIONS_URL?: string;

  /** Tried in turn. Required, but standalone finds or replaces a broker. */
  @Variable(amqpUrls)
  RABBITMQ_URL?: string[];

  /** What the bot shows to call the API. A header must be able to carry it. */
  @Variable(secret('at least 32 characters (printable ASCII)', /^[\x21-\x7e][\x20-\x7e]{30,}[\x21-\x7e]$/))
  SERVICE_KEY?: string;

  /** Where both services listen. */
  @Variable(text('a host name or an IP address', /^[0-9A-Za-z._:[\]-]{1,255}$/))
  HOST = '127.0.0.1';

  /** 0 takes a free port. */
  @Variable(integer(0, 65_535))
  QUERY_PORT = 3_000;

  @Variable(integer(0, 65_535))
  INGESTION_PORT = 3_001;

  /** Without it, the starboard and the counter panels stay off. */
  @Variable(secret('the token of a Discord bot, without spaces', /^[\x21-\x7e]+$/))
  DISCORD_TOKEN?: string;

  /** Instead of Discord's own API: for proxies and tests. */
  @Variable(url('a URL like https://discord.com/api', ['http:', 'https:']))
  DISCORD_API_URL?: string;

  @Variable(discordId)
  DISCORD_CLIENT_ID?: string;

  @Variable(secret('the client secret of a Discord application, without spaces', /^[\x21-\x7e]+$/))
  DISCORD_CLIENT_SECRET?: string;

  /** Where browsers find the dashboard. */
  @Variable(url('a URL like https://stats.example.org', ['http:', 'https:']))
  PUBLIC_URL?: string;

  /** Whose pages may call the API from a browser; nobody's without it. */
  @Variable(origins)
  CORS_ORIGINS?: string[];

  /** Messages that ingestion holds at once; AMQP counts them in 16 bits. */
  @Variable(integer(1, 65_535))
  @AtLeast('INGESTION_BATCH_SIZE', 2)
  INGESTION_PREFETCH = 8_000;

  /** Events that are written together at most. */
  @Variable(integer(1, 10_000))
  INGESTION_BATCH_SIZE = 4_000;

  /** How long the first event of a batch waits for others, in milliseconds. */
  @Variable(integer(1, 10_000))
  INGESTION_BATCH_MAX_AGE_MS = 50;

  /** How long events stay, in days. */
  @Variable(integer(1, 400))
  RETENTION_DAYS = 62;

  /** How long totals and guild snapshots stay, in days. */
  @Variable(integer(1, 4_000))
  @AtLeast('RETENTION_DAYS')
  SUMMARY_RETENTION_DAYS = 400;

  /** Requests a key, and failed credentials an address; 0 switches the limit off. */
  @Variable(integer(0, 1_000_000))
  RATE_LIMIT_PER_MINUTE = 600;

  /** Proxies that are believed when they say who called (X-Forwarded-For). */
  @Variable(networks)
  TRUSTED_PROXIES: string[] = [];

  /** A file to which erasures are appended; nowhere without it. */
  @Variable(text('the path of a file', /^[^\0]+$/))
  ERASURE_LOG?: string;

  @Variable(oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'))
  LOG_LEVEL: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent' = 'info';

  /** `pretty` on a terminal, else `json`. */
  @Variable(oneOf('json', 'pretty'))
  LOG_FORMAT?: 'json' | 'pretty';

  /** What standalone keeps. */
  @Variable(text('the path of a directory', /^[^\0]+$/))
  DATA_DIR = '.serverstats';
}
