import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { waitFor } from './wait-for.js';

/** The user `nobody`, because PgBouncer refuses to run as root. */
const NOBODY = 65_534;
/** Fewer than the connections of two services, so that connections share sessions. */
const SESSIONS = 5;

/** A PgBouncer in transaction mode for one database. */
export interface Pgbouncer {
  /** The URL of the database through PgBouncer. */
  url: string;
  stop(): Promise<void>;
}

/** @param program path of `pgbouncer` */
export async function startPgbouncer(program: string, databaseUrl: string): Promise<Pgbouncer> {
  const target = new URL(databaseUrl);
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'serverstats-pgbouncer-'));
  const file = join(directory, 'pgbouncer.ini');
  await writeFile(file, configuration(target, port));
  await chmod(directory, 0o755);
  const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn(program, ['-q', file], { stdio: ['ignore', 'ignore', 'pipe'], ...account });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  url.password = '';
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await waitFor(() => isAnswering(url.href), { what: 'PgBouncer' });
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}\n${output}`);
  }
  return { url: url.href, stop };
}

function configuration({ hostname, port, username, password, pathname }: URL, ownPort: number): string {
  const login = [
    `user=${decodeURIComponent(username)}`,
    ...(password ? [`password=${decodeURIComponent(password)}`] : []),
  ];
  return `
[databases]
${pathname.slice(1)} = host=${hostname} port=${port || 5432} ${login.join(' ')}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${SESSIONS}
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isAnswering(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query('SELECT 1')).rows.length === 1;
  } finally {
    await client.end();
  }
}
