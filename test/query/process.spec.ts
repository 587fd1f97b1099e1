import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import pg from 'pg';
import { ApiClient } from '../harness/api-client.js';
import { SERVICE_KEY, startQueryProcess } from '../harness/services.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

/** Nothing listens there. The query service is ready without a broker. */
const NO_BROKER = 'amqp://127.0.0.1:1';

/** Runs the built service until it exits. */
async function runToExit(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['dist/query.js'], {
    env: { PATH: process.env.PATH, LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

describe('the process of the query service', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.release());

  const environment = () => ({
    DATABASE_URL: database.url,
    RABBITMQ_URL: NO_BROKER,
    SERVICE_KEY,
    QUERY_PORT: '0',
  });

  it('exits with 78 and names every invalid variable', async () => {
    const { code, output } = await runToExit({
      DATABASE_URL: 'mysql://u:hunter2@db/x',
      SERVICE_KEY: 'hunter2',
      HOST: '?',
    });
    expect(code).toBe(78);
    for (const name of ['DATABASE_URL', 'RABBITMQ_URL', 'SERVICE_KEY', 'HOST']) expect(output).toContain(name);
    expect(output).not.toContain('hunter2');
  });

  it('exits with 78 and names an erasure log that cannot be opened', async () => {
    const { code, output } = await runToExit({ ...environment(), ERASURE_LOG: '/nowhere/erasures' });
    expect([code, output]).toEqual([78, expect.stringMatching(/ERASURE_LOG is "\/nowhere\/erasures".*ENOENT/)]);
  });

  it('exits with 1 and names the migrate command if the schema is outdated and migrations are manual', async () => {
    await database.query('DROP SCHEMA public CASCADE');
    await database.query('CREATE SCHEMA public');
    const { code, output } = await runToExit({ ...environment(), DATABASE_MIGRATIONS: 'manual' });
    expect(code).toBe(1);
    expect(output).toContain('npm run migrate');
  });

  it('exits with 78 and says in one line which database encoding it needs', async () => {
    const url = new URL(database.url);
    url.pathname += '_ascii';
    await database.query(`CREATE DATABASE ${url.pathname.slice(1)} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`);
    const { code, output } = await runToExit({ ...environment(), DATABASE_URL: url.href, LOG_LEVEL: 'fatal' });
    expect(code).toBe(78);
    expect(output).toMatch(/^DATABASE_URL: the encoding of the database ".*_ascii" is SQL_ASCII.*expected UTF8.*\n$/);
  });

  it('exits with 1 if its port is taken', async () => {
    const other = await startQueryProcess({ databaseUrl: database.url, brokerUrl: NO_BROKER });
    try {
      const { code, output } = await runToExit({ ...environment(), QUERY_PORT: new URL(other.url).port });
      expect(code).toBe(1);
      expect(output).toContain('EADDRINUSE');
    } finally {
      await other.stop();
    }
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'exits with 0 on %s, after the running requests have finished',
    async (signal) => {
      const service = await startQueryProcess({ databaseUrl: database.url, brokerUrl: NO_BROKER });
      const blocker = new pg.Client({ connectionString: database.url });
      await blocker.connect();
      try {
        await new ApiClient(service.url).get('status', { guild_id: 1 }); // leaves an idle connection
        await blocker.query('BEGIN; LOCK TABLE guild_settings');
        const running = enableGuild(service.url);
        const isBlocked = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
        await waitFor(async () => (await database.query(isBlocked)).length > 0, {
          what: 'the request to wait for its lock',
        });
        service.child.kill(signal);
        service.child.kill(signal); // a terminal's Ctrl-C often arrives twice
        const isClosed = () =>
          fetch(`${service.url}/livez`).then(
            () => false,
            () => true,
          );
        await waitFor(isClosed, { what: 'the service to stop accepting requests' });
        await blocker.query('COMMIT');
        expect((await running).statusCode).toBe(200);
        await waitFor(() => service.child.exitCode !== null, { what: 'the process to exit' });
        expect(service.child.exitCode).toBe(0);
      } finally {
        await blocker.end();
        await service.kill();
      }
    },
  );
});

/** Enables a guild over a keep-alive connection. */
async function enableGuild(baseUrl: string): Promise<IncomingMessage> {
  const sent = request(`${baseUrl}/modules/serverstats/enable`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SERVICE_KEY}`, 'content-type': 'application/json', connection: 'keep-alive' },
  });
  sent.end('{"guild_id":"1"}');
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response;
}
