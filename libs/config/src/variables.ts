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
  type ValueType,
} from './value-types.js';

/** A variable of the environment. Without a default it is undefined when nobody sets it. */
interface Variable<T> {
  type: ValueType<T>;
  default?: T;
}

const variable = <T, D extends T | undefined = undefined>(type: ValueType<T>, fallback?: D) => ({
  type,
  default: fallback as D,
});

/** Every variable that configures a service. README.md lists those that are in use. */
export const VARIABLES = {
  /** Postgres 15 to 18. Required, but standalone starts an embedded one. */
  DATABASE_URL: variable(postgresUrl),
  /** Connections that an instance may hold. Migrating takes two at once. */
  DATABASE_POOL_SIZE: variable(integer(2, 1_000), 10),
  /** Whether a start migrates (`auto`), or refuses to run on an old schema (`manual`). */
  DATABASE_MIGRATIONS: variable(oneOf('auto', 'manual'), 'auto'),
  /** Where migrations connect. DATABASE_URL without it; where that leads through a pooler, Postgres itself. */
  DATABASE_MIGRATIONS_URL: variable(postgresUrl),
  /** Tried in turn. Required, but standalone finds or replaces a broker. */
  RABBITMQ_URL: variable(amqpUrls),
  /** What the bot shows to call the API. A header must be able to carry it. */
  SERVICE_KEY: variable(secret('at least 32 characters (printable ASCII)', /^[\x21-\x7e][\x20-\x7e]{30,}[\x21-\x7e]$/)),
  /** Where both services listen. */
  HOST: variable(text('a host name or an IP address', /^[0-9A-Za-z._:[\]-]{1,255}$/), '127.0.0.1'),
  /** 0 takes a free port. */
  QUERY_PORT: variable(integer(0, 65_535), 3_000),
  INGESTION_PORT: variable(integer(0, 65_535), 3_001),
  /** Without it, the starboard and the counter panels stay off. */
  DISCORD_TOKEN: variable(secret('the token of a Discord bot, without spaces', /^[\x21-\x7e]+$/)),
  /** Instead of Discord's own API: for proxies and tests. */
  DISCORD_API_URL: variable(url('a URL like https://discord.com/api', ['http:', 'https:'])),
  DISCORD_CLIENT_ID: variable(discordId),
  DISCORD_CLIENT_SECRET: variable(
    secret('the client secret of a Discord application, without spaces', /^[\x21-\x7e]+$/),
  ),
  /** Where browsers find the dashboard. */
  PUBLIC_URL: variable(url('a URL like https://stats.example.org', ['http:', 'https:'])),
  /** Whose pages may call the API from a browser; nobody's without it. */
  CORS_ORIGINS: variable(origins),
  /** Messages that ingestion holds at once; AMQP counts them in 16 bits. */
  INGESTION_PREFETCH: variable(integer(1, 65_535), 8_000),
  /** Events that are written together at most. */
  INGESTION_BATCH_SIZE: variable(integer(1, 10_000), 4_000),
  /** How long the first event of a batch waits for others, in milliseconds. */
  INGESTION_BATCH_MAX_AGE_MS: variable(integer(1, 10_000), 50),
  /** How long events stay, in days. */
  RETENTION_DAYS: variable(integer(1, 400), 62),
  /** How long totals and guild snapshots stay, in days. */
  SUMMARY_RETENTION_DAYS: variable(integer(1, 4_000), 400),
  /** Requests a key, and failed credentials an address; 0 switches the limit off. */
  RATE_LIMIT_PER_MINUTE: variable(integer(0, 1_000_000), 600),
  /** Proxies that are believed when they say who called (X-Forwarded-For). */
  TRUSTED_PROXIES: variable(networks, []),
  /** A file to which erasures are appended; nowhere without it. */
  ERASURE_LOG: variable(text('the path of a file', /^[^\0]+$/)),
  LOG_LEVEL: variable(oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'info'),
  /** `pretty` on a terminal, else `json`. */
  LOG_FORMAT: variable(oneOf('json', 'pretty')),
  /** What standalone keeps. */
  DATA_DIR: variable(text('the path of a directory', /^[^\0]+$/), '.serverstats'),
} as const satisfies Record<string, Variable<unknown>>;

export type VariableName = keyof typeof VARIABLES;

/** The values of all variables; those without a default may be undefined. */
export type VariableValues = {
  [N in VariableName]:
    | NonNullable<ReturnType<(typeof VARIABLES)[N]['type']['parse']>>
    | Extract<(typeof VARIABLES)[N]['default'], undefined>;
};
