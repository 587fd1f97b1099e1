import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { systemClock } from '#libs/timing';
import type { DataDirectory } from './data-directory.js';
import type { EmbeddedServer, StartOptions } from './embedded-server.js';
import { findFreePort } from './free-port.js';
import { type Account, findPostgresAccount } from './postgres-account.js';
import { findPostgresBinaries, majorVersionOf } from './postgres-binaries.js';
import { endLeftoverPostgres, removeStalePidFile } from './postgres-leftovers.js';
import { createOwnedDirectory, type PostgresLocation, placePostgres } from './postgres-location.js';
import { readFileIfPresent, readStored, writePrivateFile } from './private-file.js';
import { type EndingStep, ServerProcess } from './server-process.js';
import { StartupError } from './startup-error.js';

const run = promisify(execFile);

const SUPERUSER = 'serverstats';
const DATABASE = 'serverstats';
const POLL_INTERVAL_MS = 50;
/**
 * The deadline for a server that does not answer at all. A server that recovers from a crash answers that it is not
 * ready.
 */
const NO_ANSWER_LIMIT_MS = 60_000;
const START_ATTEMPTS = 3;

/** SQLSTATE while the server starts up, recovers or shuts down. */
const CANNOT_CONNECT_NOW = '57P03';
const INVALID_PASSWORD = '28P01';

/** SIGINT is the fast shutdown (with a checkpoint), SIGQUIT the immediate one (the next start recovers). */
const ORDERLY_END: readonly EndingStep[] = [
  { signal: 'SIGINT', waitMs: 3_000 },
  { signal: 'SIGQUIT', waitMs: 1_000 },
  { signal: 'SIGKILL', waitMs: 1_000 },
];
const IMMEDIATE_END: readonly EndingStep[] = [
  { signal: 'SIGQUIT', waitMs: 500 },
  { signal: 'SIGKILL', waitMs: 500 },
];

interface StoredSettings {
  port: number;
  password: string;
  /** The cluster's directory, if it is not in the data directory. */
  outside?: string;
}

/** Starts the Postgres that npm installed, on loopback, with its cluster in the data directory. */
export async function startEmbeddedPostgres(
  directory: DataDirectory,
  { stopRequested, say }: StartOptions,
): Promise<EmbeddedServer> {
  await endLeftoverPostgres(postgresMarker(directory));

  const settingsPath = directory.file('postgres.json');
  const stored = (await readStored<StoredSettings>(settingsPath)) ?? {};
  const serverAccount = await findPostgresAccount();
  const binaries = await findPostgresBinaries();
  const location = await placePostgres(directory.path, binaries, serverAccount, stored.outside);
  const account = serverAccount && ((await ownerOf(location.clusterDirectory)) ?? serverAccount);
  const password = stored.password ?? randomBytes(24).toString('base64url');
  const port = await findFreePort([stored.port]);
  const settings: StoredSettings = { port, password, outside: location.outside };
  // Before the cluster is created, because a cluster with a lost password would be unusable.
  await writePrivateFile(settingsPath, JSON.stringify(settings));

  const version = await majorVersionOf(location.binaries);
  say(`Starting Postgres ${version} in ${location.clusterDirectory}`);
  await ensureCluster(location, account, version, password);
  await removeStalePidFile(location.clusterDirectory);
  return await startServer(directory, location, account, settings, stopRequested);
}

async function ensureCluster(
  { binaries, clusterDirectory }: PostgresLocation,
  account: Account | undefined,
  version: string,
  password: string,
): Promise<void> {
  const clusterVersion = (await readFileIfPresent(join(clusterDirectory, 'PG_VERSION')))?.trim();
  if (clusterVersion === version) return;
  if (clusterVersion !== undefined) {
    throw new StartupError(
      `${clusterDirectory} was created by Postgres ${clusterVersion} and cannot be opened by ${version}: ` +
        'set DATA_DIR to a new directory (and copy the data with pg_dump of the old version), or set DATABASE_URL',
    );
  }
  await removeDrafts(clusterDirectory);
  // Created elsewhere and renamed, so that a killed start leaves no incomplete cluster.
  const draft = `${clusterDirectory}.draft-${randomBytes(6).toString('hex')}`;
  const passwordFile = join(draft, 'password');
  const cluster = join(draft, 'cluster');
  try {
    await createOwnedDirectory(draft, account);
    await writePrivateFile(passwordFile, `${password}\n`);
    if (account) await chown(passwordFile, account.uid, account.gid);
    await run(
      binaries.initdb,
      [
        `--pgdata=${cluster}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--no-instructions',
      ],
      { uid: account?.uid, gid: account?.gid, cwd: draft, env: serverEnvironment() },
    );
    await rename(cluster, clusterDirectory);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new StartupError(`the embedded Postgres cannot create its data directory: ${(stderr || message).trim()}`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Removes drafts of starts that were killed while they created the cluster. */
async function removeDrafts(clusterDirectory: string): Promise<void> {
  const parent = dirname(clusterDirectory);
  const prefix = `${basename(clusterDirectory)}.draft-`;
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

/**
 * Postgres must run as the cluster's owner, which may differ from today's account if the cluster was not created by
 * root.
 */
async function ownerOf(clusterDirectory: string): Promise<Account | undefined> {
  const found = await stat(clusterDirectory).catch(() => undefined);
  if (!found || found.uid === 0) return undefined;
  return { name: String(found.uid), uid: found.uid, gid: found.gid };
}

async function startServer(
  directory: DataDirectory,
  location: PostgresLocation,
  account: Account | undefined,
  settings: StoredSettings,
  stopRequested: AbortSignal,
): Promise<EmbeddedServer> {
  for (let attempt = 1; ; attempt++) {
    const server = await ServerProcess.start({
      command: location.binaries.postgres,
      args: serverArguments(location.clusterDirectory, postgresMarker(directory), settings.port),
      env: serverEnvironment(),
      cwd: location.clusterDirectory,
      uid: account?.uid,
      gid: account?.gid,
      logFile: directory.file('postgres.log'),
    });
    if ((await becomesReady(server, settings, stopRequested)) && !server.hasEnded) {
      return {
        url: urlOf(settings, DATABASE),
        ended: server.exited.then((how) => `Postgres ${how}; its log is ${directory.file('postgres.log')}`),
        stop: async () => void (await server.stop(ORDERLY_END)),
        stopAtOnce: async () => void (await server.stop(IMMEDIATE_END)),
      };
    }
    const how = server.hasEnded ? await server.exited : 'refuses connections';
    await server.stop(IMMEDIATE_END);
    stopRequested.throwIfAborted();
    if (attempt === START_ATTEMPTS) {
      throw new StartupError(`the embedded Postgres ${how}; its last output:\n${server.logTail()}`);
    }
    // Another program may have taken the port, or a worker of a killed server may still hold the shared memory.
    settings.port = await findFreePort([settings.port]);
    await writePrivateFile(directory.file('postgres.json'), JSON.stringify(settings));
  }
}

function postgresMarker(directory: DataDirectory): string {
  return `${directory.marker}-postgres`;
}

function serverArguments(clusterDirectory: string, marker: string, port: number): string[] {
  const settings: Record<string, string | number> = {
    // Part of the command line of every process of the server, so that a later start recognizes leftovers.
    cluster_name: marker,
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_destination: 'stderr',
    logging_collector: 'off',
    max_connections: 100,
    shared_buffers: '128MB',
  };
  return ['-D', clusterDirectory, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** Only the variables that a server needs, because PG* variables for clients would affect it. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

/** Waits while the server recovers. @returns false if it has ended, refuses the password, or does not answer */
async function becomesReady(
  server: ServerProcess,
  settings: StoredSettings,
  stopRequested: AbortSignal,
): Promise<boolean> {
  let silentSince = Date.now();
  while (!server.hasEnded && !stopRequested.aborted && Date.now() - silentSince < NO_ANSWER_LIMIT_MS) {
    const answer = await openDatabase(settings);
    if (answer === 'ready') return true;
    if (answer === 'refused') return false;
    if (answer === 'starting') silentSince = Date.now();
    await systemClock.sleep(POLL_INTERVAL_MS);
  }
  return false;
}

async function openDatabase(settings: StoredSettings): Promise<'ready' | 'starting' | 'refused' | 'silent'> {
  const client = new pg.Client({ connectionString: urlOf(settings, 'postgres'), connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    return 'ready';
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === CANNOT_CONNECT_NOW) return 'starting';
    return code === INVALID_PASSWORD ? 'refused' : 'silent';
  } finally {
    await client.end().catch(() => undefined);
  }
}

function urlOf({ port, password }: StoredSettings, database: string): string {
  return `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}
