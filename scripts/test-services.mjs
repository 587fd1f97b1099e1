/** Postgres, RabbitMQ and PgBouncer for the tests. It imports from dist, so it can only be imported after the build. */
import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDataDirectory } from '../dist/apps/standalone/src/data-directory.js';
import { endLeftovers } from '../dist/apps/standalone/src/leftover-processes.js';
import { startPrivateBroker } from '../dist/apps/standalone/src/private-broker.js';
import { findRabbitmq } from '../dist/apps/standalone/src/rabbitmq-installation.js';
import { useGivenBroker } from './given-broker.mjs';
import { canInstallPackages, installPackage } from './install-package.mjs';
import { startTestPostgres } from './test-postgres.mjs';

const DIRECTORY_PREFIX = 'serverstats-test-';
const STARTING_MS = 60_000;
/** How many virtual hosts there are. Each test file uses one of them. */
const VHOSTS = 60;
/** Directories that are often missing in the PATH of ordinary users. */
const MORE_PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/lib/rabbitmq/bin', '/opt/homebrew/sbin'];

/**
 * Starts the servers that the tests need. The test harness reads the returned variables; `stop` stops the servers.
 *
 * @param {AbortSignal} stopRequested
 */
export async function startTestServices(stopRequested) {
  await removeLeftovers();
  const path = await mkdtemp(join(tmpdir(), DIRECTORY_PREFIX));
  // As root, Postgres runs as another user, which must be able to enter.
  await chmod(path, 0o711);
  const directory = await openDataDirectory(path);
  const servers = [];
  const stop = async () => {
    for (const { value: server } of await Promise.allSettled(servers)) await server?.stopAtOnce?.();
    await directory.release();
    await removeDirectory(directory.path);
  };
  try {
    const installation = await obtainRabbitmq();
    servers.push(obtainDatabase(directory, stopRequested));
    servers.push(obtainBroker(directory, { installation, stopRequested, say: () => undefined }));
    const [database, broker] = await Promise.all(servers);
    const pgbouncer = await obtainPgbouncer();
    const python = await obtainPythonWithPika();
    const chromium = await obtainChromium();
    const claims = directory.file('claimed-vhosts');
    await mkdir(claims);
    const variables = {
      TEST_DATABASE_URL: database.url,
      ...(database.isPrivate && { TEST_DATABASE_IS_PRIVATE: 'yes' }),
      TEST_BROKER_URL: broker.url,
      TEST_RABBITMQ_BIN: installation.server,
      TEST_VHOSTS: broker.vhosts.join(','),
      TEST_VHOST_CLAIMS: claims,
      ...(pgbouncer && { TEST_PGBOUNCER_BIN: pgbouncer }),
      ...(python && { TEST_PYTHON_BIN: python }),
      ...(chromium && { TEST_CHROMIUM_BIN: chromium }),
    };
    return { variables, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function obtainDatabase(directory, stopRequested) {
  const given = process.env.TEST_DATABASE_URL;
  return given ? { url: given } : { ...(await startTestPostgres(directory, stopRequested)), isPrivate: true };
}

async function obtainBroker(directory, options) {
  const { TEST_BROKER_URL: given, TEST_BROKER_MANAGEMENT_URL: management } = process.env;
  if (given) return useGivenBroker(given, management, VHOSTS);
  const vhosts = Array.from({ length: VHOSTS }, (_, index) => `t${String(index).padStart(2, '0')}`);
  return { ...(await startPrivateBroker(directory, { ...options, vhosts, preferredPort: 0 })), vhosts };
}

/** Retries, because a server that is stopping may still write into the directory. */
function removeDirectory(path) {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** Removes directories of runs that were killed. Nobody holds their locks. */
async function removeLeftovers() {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(DIRECTORY_PREFIX)) continue;
    const path = join(tmpdir(), name);
    const { mtimeMs = Date.now() } = (await stat(path).catch(() => undefined)) ?? {};
    // A run that has just started may not have locked its directory yet.
    if (Date.now() - mtimeMs < STARTING_MS) continue;
    const directory = await openDataDirectory(path).catch(() => undefined);
    if (!directory) continue;
    await endLeftovers({ what: 'A server of the tests', marker: directory.marker, steps: [] });
    await removeDirectory(directory.path);
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

/** Without it, and if it cannot be installed, the tests that need it are skipped. */
function obtainPgbouncer() {
  return obtainProgram('pgbouncer', process.env.TEST_PGBOUNCER_BIN);
}

/** For the dashboard, which is not tested where there is none, and none can be installed. */
async function obtainChromium() {
  const chromium = await obtainProgram('chromium', process.env.TEST_CHROMIUM_BIN);
  if (!chromium) console.error('SKIPPED: the dashboard is not tested in a browser, because there is no chromium');
  return chromium;
}

/** @param name of the program and of its Debian package */
async function obtainProgram(name, given) {
  const find = async () => {
    for (const place of searchPath().split(':')) {
      const program = join(place, name);
      if (await isExecutable(program)) return program;
    }
    return undefined;
  };
  const found = given || (await find());
  if (found || !(await canInstallPackages())) return found;
  await installPackage(name).catch((error) => console.error(error.message));
  return find();
}

/** For examples/python, which is not tested where there is none, and none can be installed. */
async function obtainPythonWithPika() {
  // The first of the PATH may be another than Debian's, which alone finds Debian's packages.
  const candidates = [process.env.TEST_PYTHON_BIN, 'python3', '/usr/bin/python3'].filter(Boolean);
  const find = async () => {
    for (const python of candidates) if (await hasPika(python)) return python;
    return undefined;
  };
  const found = await find();
  if (found) return found;
  if (await canInstallPackages()) await installPackage('python3-pika').catch((error) => console.error(error.message));
  const installed = await find();
  if (!installed) console.error('SKIPPED: examples/python is not tested, because no python3 has pika (python3-pika)');
  return installed;
}

function hasPika(python) {
  return promisify(execFile)(python, ['-c', 'import pika'], { timeout: 30_000 }).then(
    () => true,
    () => false,
  );
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
