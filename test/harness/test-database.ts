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
const DROPS_AT_ONCE = 8;

export interface TestDatabase {
  url: string;
  query<Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** Ends all connections, also those that services still hold. The database itself goes at the end of the run. */
  release(): Promise<void>;
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
  // What a test sets for the database is for the services.
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, options: '-c search_path=public' });
  // Dropping ends connections; the pool learns of it by this event, which must have a listener.
  pool.on('error', () => undefined);
  return {
    url,
    query: async <Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]) =>
      (await pool.query<Row>(sql, parameters)).rows,
    release: async () => {
      await pool.end();
      await withMaintenanceClient((client) => closeDatabase(client, name));
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

/** Drops every database of this run. At once, as each waits for a checkpoint, which they share. */
export async function dropDatabasesOfRun(): Promise<void> {
  const runPrefix = process.env[RUN_PREFIX];
  if (!runPrefix) return;
  const names = await withMaintenanceClient(listTestDatabases);
  const ofRun = names.filter((name) => name.startsWith(runPrefix));
  const dropNext = async () => {
    for (let name = ofRun.pop(); name !== undefined; name = ofRun.pop()) {
      const next = name;
      await withMaintenanceClient((client) => dropDatabase(client, next));
    }
  };
  await Promise.all(Array.from({ length: DROPS_AT_ONCE }, dropNext));
}

/** As an operator would, with what was built. */
async function migrateTemplate(url: string): Promise<void> {
  const migrate = spawn(process.execPath, [join(process.cwd(), 'dist/migrate.js')], {
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

async function closeDatabase(client: pg.Client, name: string): Promise<void> {
  requireTestDatabase(name);
  await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
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
