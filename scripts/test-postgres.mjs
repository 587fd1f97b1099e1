/** A Postgres of the tests' own, which is faster than one that keeps data. It imports from dist. */
import { execFile } from 'node:child_process';
import { access, constants, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { findFreePort } from '../dist/apps/standalone/src/free-port.js';
import { findPostgresAccount } from '../dist/apps/standalone/src/postgres-account.js';
import { binariesIn, findPostgresBinaries, majorVersionOf } from '../dist/apps/standalone/src/postgres-binaries.js';
import { createOwnedDirectory, placePostgres } from '../dist/apps/standalone/src/postgres-location.js';
import { ServerProcess } from '../dist/apps/standalone/src/server-process.js';

/** Where Debian puts each major version. */
const VERSIONS = '/usr/lib/postgresql';
const OLDEST_VERSION = 15;
const STARTING_MS = 60_000;
const POLL_INTERVAL_MS = 50;

const SETTINGS = {
  // Without it, a crash of the machine loses data. A crash of Postgres or of a service does not.
  fsync: 'off',
  full_page_writes: 'off',
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
  // Each database is visited once in this time, and each test file has a database.
  autovacuum_naptime: '10min',
  max_connections: 200,
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
};
const IMMEDIATE_END = [
  { signal: 'SIGQUIT', waitMs: 2_000 },
  { signal: 'SIGKILL', waitMs: 1_000 },
];

/** Starts the oldest supported Postgres of this machine, or else the one that npm installed. */
export async function startTestPostgres(directory, stopRequested) {
  const account = await findPostgresAccount();
  const installed = (await findInstalled()) ?? (await findPostgresBinaries());
  const { binaries, clusterDirectory } = await placePostgres(directory.path, installed, account, undefined);
  await createOwnedDirectory(clusterDirectory, account);
  const owner = { uid: account?.uid, gid: account?.gid, cwd: clusterDirectory, env: { LC_ALL: 'C' } };
  await initialize(binaries, owner);
  const port = await findFreePort();
  const settings = { ...SETTINGS, cluster_name: `${directory.marker}-postgres`, port };
  const server = await ServerProcess.start({
    ...owner,
    command: binaries.postgres,
    args: ['-D', clusterDirectory, ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)],
    logFile: directory.file('postgres.log'),
  });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const stopAtOnce = async () => {
    await server.stop(IMMEDIATE_END);
    // It is elsewhere if the directory is closed to the user that Postgres runs as.
    await rm(clusterDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  const deadline = Date.now() + STARTING_MS;
  while (!(await answers(url))) {
    if (server.hasEnded || stopRequested.aborted || Date.now() > deadline) {
      await stopAtOnce();
      throw new Error(`the Postgres of the tests does not start:\n${server.logTail()}`);
    }
    await delay(POLL_INTERVAL_MS);
  }
  return { url, stopAtOnce };
}

async function findInstalled() {
  const names = await readdir(VERSIONS).catch(() => []);
  const versions = names.map(Number).filter((version) => version >= OLDEST_VERSION);
  for (const version of versions.sort((a, b) => a - b)) {
    const binaries = binariesIn(join(VERSIONS, String(version)));
    if ((await isExecutable(binaries.initdb)) && (await isExecutable(binaries.postgres))) return binaries;
  }
  return undefined;
}

async function initialize(binaries, { cwd, ...options }) {
  const builtin = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const locale = Number(await majorVersionOf(binaries)) >= 17 ? builtin : ['--locale=C.UTF-8'];
  const args = [`--pgdata=${cwd}`, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-sync', ...locale];
  await promisify(execFile)(binaries.initdb, args, { cwd, ...options });
}

async function answers(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function isExecutable(path) {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
