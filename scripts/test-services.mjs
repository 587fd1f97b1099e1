/** Postgres, RabbitMQ and a PgBouncer for the tests. Imports what the build made, so it is imported after it. */
import { access, constants, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openDataDirectory } from '../dist/apps/standalone/src/data-directory.js';
import { startEmbeddedPostgres } from '../dist/apps/standalone/src/embedded-postgres.js';
import { endLeftovers } from '../dist/apps/standalone/src/leftover-processes.js';
import { startPrivateBroker } from '../dist/apps/standalone/src/private-broker.js';
import { findRabbitmq } from '../dist/apps/standalone/src/rabbitmq-installation.js';
import { canInstallPackages, installPackage } from './install-package.mjs';

const LOCAL_POSTGRES = 'postgres://postgres@127.0.0.1:5432/postgres';
const DIRECTORY_PREFIX = 'serverstats-test-';
const STARTING_MS = 60_000;
/** Each test file takes one for itself. */
const VHOSTS = Array.from({ length: 60 }, (_, index) => `t${String(index).padStart(2, '0')}`);
/** An ordinary user's PATH often lacks these. */
const MORE_PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/lib/rabbitmq/bin', '/opt/homebrew/sbin'];

/**
 * Starts what the tests need; `stop` ends it again. The variables are what the test harness reads.
 *
 * @param {AbortSignal} stopRequested
 */
export async function startTestServices(stopRequested) {
  await removeLeftovers();
  const directory = await openDataDirectory(await mkdtemp(join(tmpdir(), DIRECTORY_PREFIX)));
  const started = [];
  const stop = async () => {
    for (const server of started.reverse()) await server.stopAtOnce();
    await directory.release();
    await removeDirectory(directory.path);
  };
  try {
    const say = () => undefined;
    const databaseUrl =
      process.env.TEST_DATABASE_URL ||
      (await findLocalPostgres()) ||
      (await startAnd(started, startEmbeddedPostgres(directory, { stopRequested, say })));
    const installation = await obtainRabbitmq();
    const brokerUrl = await startAnd(
      started,
      startPrivateBroker(directory, { installation, vhosts: VHOSTS, preferredPort: 0, stopRequested, say }),
    );
    const pgbouncer = await obtainPgbouncer();
    const claims = directory.file('claimed-vhosts');
    await mkdir(claims);
    const variables = {
      TEST_DATABASE_URL: databaseUrl,
      TEST_BROKER_URL: brokerUrl,
      TEST_RABBITMQ_BIN: installation.server,
      TEST_VHOSTS: VHOSTS.join(','),
      TEST_VHOST_CLAIMS: claims,
      ...(pgbouncer && { TEST_PGBOUNCER_BIN: pgbouncer }),
    };
    return { variables, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAnd(started, starting) {
  const server = await starting;
  started.push(server);
  return server.url;
}

/** A server that is ending may still write into it. */
function removeDirectory(path) {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** Of runs that were killed: a directory whose lock is free is nobody's. */
async function removeLeftovers() {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(DIRECTORY_PREFIX)) continue;
    const path = join(tmpdir(), name);
    const { mtimeMs = Date.now() } = (await stat(path).catch(() => undefined)) ?? {};
    // A run that has just begun may not have its lock yet.
    if (Date.now() - mtimeMs < STARTING_MS) continue;
    const directory = await openDataDirectory(path).catch(() => undefined);
    if (!directory) continue;
    await endLeftovers({ what: 'A server of the tests', marker: directory.marker, steps: [] });
    await removeDirectory(directory.path);
  }
}

/** A Postgres at the usual place, when it lets us create databases. */
async function findLocalPostgres() {
  const client = new pg.Client({ connectionString: LOCAL_POSTGRES, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query(
      'SELECT rolsuper OR rolcreatedb AS allowed FROM pg_roles WHERE rolname = current_user',
    );
    return rows[0]?.allowed ? LOCAL_POSTGRES : undefined;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function obtainRabbitmq() {
  const path = searchPath();
  const find = () => findRabbitmq(path, process.env.TEST_RABBITMQ_BIN || undefined);
  const found = await find();
  if (found) return found;
  if (await canInstallPackages()) await installPackage('rabbitmq-server');
  const installed = await find();
  if (installed) return installed;
  throw new Error(
    'The tests need RabbitMQ: install rabbitmq-server, or set TEST_RABBITMQ_BIN to the path of its program',
  );
}

/** The tests that need it are skipped where there is none, and none can be installed. */
async function obtainPgbouncer() {
  const find = async () => {
    for (const place of searchPath().split(':')) {
      const program = join(place, 'pgbouncer');
      if (await isExecutable(program)) return program;
    }
    return undefined;
  };
  const found = process.env.TEST_PGBOUNCER_BIN || (await find());
  if (found || !(await canInstallPackages())) return found;
  await installPackage('pgbouncer').catch((error) => console.error(error.message));
  return find();
}

function isExecutable(path) {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function searchPath() {
  return [process.env.PATH, ...MORE_PLACES].join(':');
}
