import { spawn } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { isLeftover, newDatabaseName, newRunPrefix, requireTestDatabase } from './database-name.js';
import { testVariable } from './test-variable.js';

/** Set by the global setup for the workers, which inherit its environment. */
const RUN_PREFIX = 'TEST_DATABASE_RUN';
/** A template must have no other connection, not even of another clone in the making. */
const CLONE_LOCK = 7_265_113;
const CONNECTIONS = 4;

export interface TestDatabase {
  url: string;
  query<Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** Also ends the connections that services still hold. */
  drop(): Promise<void>;
}

/** Clones the migrated template: every test file has a database of its own, as new. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const runPrefix = testVariable(RUN_PREFIX);
  const name = newDatabaseName(runPrefix);
  await withMaintenanceClient(async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [CLONE_LOCK]);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${templateName(runPrefix)}`);
  });
  const url = urlOf(name);
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  // Dropping ends connections; the pool learns of it by this event, which must have a listener.
  pool.on('error', () => undefined);
  return {
    url,
    query: async <Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]) =>
      (await pool.query<Row>(sql, parameters)).rows,
    drop: async () => {
      await pool.end();
      await withMaintenanceClient((client) => dropDatabase(client, name));
    },
  };
}

/** Makes the template of this run, and clears away what crashed runs left. */
export async function createTemplate(): Promise<void> {
  const runPrefix = newRunPrefix();
  process.env[RUN_PREFIX] = runPrefix;
  const template = templateName(runPrefix);
  await withMaintenanceClient(async (client) => {
    for (const name of await listTestDatabases(client)) if (isLeftover(name)) await dropDatabase(client, name);
    await client.query(`CREATE DATABASE ${template}`);
  });
  await migrateTemplate(urlOf(template));
}

/** Drops every database of this run, also those that a test forgot. */
export async function dropDatabasesOfRun(): Promise<void> {
  const runPrefix = process.env[RUN_PREFIX];
  if (!runPrefix) return;
  await withMaintenanceClient(async (client) => {
    for (const name of await listTestDatabases(client))
      if (name.startsWith(runPrefix)) await dropDatabase(client, name);
  });
}

/** As an operator would, with what was built. */
async function migrateTemplate(url: string): Promise<void> {
  const migrate = spawn(process.execPath, [join(process.cwd(), 'dist/libs/database/src/migrate.js')], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [migrate.stdout, migrate.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    migrate.once('error', reject);
    migrate.once('close', resolve);
  });
  if (code !== 0) throw new Error(`the template database cannot be migrated:\n${Buffer.concat(output).toString()}`);
}

async function withMaintenanceClient<T>(use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: testVariable('TEST_DATABASE_URL') });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function listTestDatabases(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ datname: string }>(
    `SELECT datname FROM pg_database WHERE datname LIKE 'serverstats\\_test\\_%'`,
  );
  return rows.map(({ datname }) => datname);
}

async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  requireTestDatabase(name);
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

function templateName(runPrefix: string): string {
  return `${runPrefix}template`;
}

function urlOf(name: string): string {
  requireTestDatabase(name);
  const url = new URL(testVariable('TEST_DATABASE_URL'));
  url.pathname = `/${name}`;
  return url.href;
}
