import { spawn } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { isLeftover, newDatabaseName, newRunPrefix, requireTestDatabase } from './database-name.js';
import { testVariable } from './test-variable.js';

/** The variable with the prefix of this run. The global setup sets it, and the workers inherit it. */
const RUN_PREFIX = 'TEST_DATABASE_RUN';
/** Set if the server is private to this run. Then fsync is off, and its databases are deleted with it. */
const IS_PRIVATE = 'TEST_DATABASE_IS_PRIVATE';
/** Serializes CREATE DATABASE: a template must not have other connections, not even that of another clone. */
const CLONE_LOCK = 7_265_113;
const CONNECTIONS = 4;
const PARALLEL_DROPS = 8;

export interface TestDatabase {
  url: string;
  query<Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** Closes all connections, including those of services. The database is dropped at the end of the run. */
  release(): Promise<void>;
}

/** Clones the migrated template, so that each test file has its own new database. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const runPrefix = testVariable(RUN_PREFIX);
  const name = newDatabaseName(runPrefix);
  await withMaintenanceClient(async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [CLONE_LOCK]);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${templateName(runPrefix)} ${strategy()}`);
  });
  const url = urlOf(name);
  // Settings that a test makes for the database should affect only the services.
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, options: '-c search_path=public' });
  // Connections end when the database is closed. Without a listener, the error event would end the process.
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

/** Creates the template of this run, and drops databases of crashed runs. */
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

/** Drops all databases of this run. In parallel, because each drop waits for a checkpoint, which they can share. */
export async function dropDatabasesOfRun(): Promise<void> {
  const runPrefix = process.env[RUN_PREFIX];
  if (!runPrefix || process.env[IS_PRIVATE]) return;
  const names = await withMaintenanceClient(listTestDatabases);
  const ofRun = names.filter((name) => name.startsWith(runPrefix));
  const dropNext = async () => {
    for (let name = ofRun.pop(); name !== undefined; name = ofRun.pop()) {
      const next = name;
      await withMaintenanceClient((client) => dropDatabase(client, next));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_DROPS }, dropNext));
}

/** Migrates with the built program, like an operator. */
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

/** Copying files takes a fifth of the CPU time of the default, but two checkpoints, which are slow with fsync. */
function strategy(): string {
  return process.env[IS_PRIVATE] ? 'STRATEGY file_copy' : '';
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
