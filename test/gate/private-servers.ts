import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { type DataDirectory, openDataDirectory } from '../../apps/standalone/src/data-directory.js';
import type { EmbeddedServer } from '../../apps/standalone/src/embedded-server.js';
import { startEmbeddedPostgres } from '../../apps/standalone/src/embedded-postgres.js';
import { type PrivateBroker, startPrivateBroker } from '../../apps/standalone/src/private-broker.js';
import { findRabbitmq, type RabbitmqInstallation } from '../../apps/standalone/src/rabbitmq-installation.js';
import { testVariable } from '../harness/test-variable.js';

const run = promisify(execFile);

const VHOST = 'gate';
/** So that a process that is paused for a few seconds loses its connections. */
const HEARTBEAT_SECONDS = 1;
/** A busy machine takes its time. */
const CONNECT_MS = 30_000;

/** A Postgres and a RabbitMQ of one run, which may be killed. They start again at the same addresses. */
export class PrivateServers {
  readonly databaseUrl: string;
  readonly brokerUrl: string;
  /** With a heartbeat, for the services. */
  readonly watchedBrokerUrl: string;

  private constructor(
    private readonly directory: DataDirectory,
    private readonly installation: RabbitmqInstallation,
    private postgres: EmbeddedServer,
    private broker: PrivateBroker,
  ) {
    this.databaseUrl = postgres.url;
    this.brokerUrl = `${broker.url}/${VHOST}`;
    this.watchedBrokerUrl = `${this.brokerUrl}?heartbeat=${HEARTBEAT_SECONDS}`;
  }

  static async start(): Promise<PrivateServers> {
    const installation = await findRabbitmq(process.env.PATH, testVariable('TEST_RABBITMQ_BIN'));
    if (installation === undefined) throw new Error('there is no rabbitmq-server');
    // The prefix by which scripts/test-services.mjs finds what a killed run has left.
    const path = await mkdtemp(join(tmpdir(), 'serverstats-test-'));
    // As root, Postgres runs as another user, which must be able to enter.
    await chmod(path, 0o711);
    const directory = await openDataDirectory(path);
    const [postgres, broker] = await Promise.all([startPostgres(directory), startBroker(directory, installation)]);
    return new PrivateServers(directory, installation, postgres, broker);
  }

  async killPostgres(): Promise<void> {
    await this.postgres.stopAtOnce();
  }

  async startPostgres(): Promise<void> {
    this.postgres = await startPostgres(this.directory);
    if (this.postgres.url !== this.databaseUrl) throw new Error('Postgres did not get its port back');
  }

  async killBroker(): Promise<void> {
    await this.broker.stopAtOnce();
  }

  async startBroker(): Promise<void> {
    const { url } = this.broker;
    this.broker = await startBroker(this.directory, this.installation);
    if (this.broker.url !== url) throw new Error('RabbitMQ did not get its port back');
  }

  /** Runs rabbitmqctl. @returns what it prints */
  async control(...args: string[]): Promise<string> {
    const program = join(dirname(this.installation.server), 'rabbitmqctl');
    const { stdout } = await run(program, args, { env: this.broker.toolEnvironment });
    return stdout;
  }

  /** Messages of each queue, those that a consumer holds included. */
  async queueDepths(): Promise<Record<string, number>> {
    const rows = await this.control('list_queues', '--silent', '--vhost', VHOST, 'name', 'messages');
    const lines = rows.trim().split('\n').slice(1);
    return Object.fromEntries(lines.map((line) => line.split('\t')).map(([name, count]) => [name!, Number(count)]));
  }

  async query<Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl, connectionTimeoutMillis: CONNECT_MS });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<Row>(sql, parameters)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Ends every connection of the services. */
  async cutDatabaseConnections(): Promise<void> {
    await this.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'serverstats-%'`,
    );
  }

  async stop(): Promise<void> {
    await this.broker.stopAtOnce();
    await this.postgres.stopAtOnce();
    await this.directory.release();
    await rm(this.directory.path, { recursive: true, force: true });
  }
}

function startPostgres(directory: DataDirectory): Promise<EmbeddedServer> {
  return startEmbeddedPostgres(directory, startOptions());
}

function startBroker(directory: DataDirectory, installation: RabbitmqInstallation): Promise<PrivateBroker> {
  return startPrivateBroker(directory, { ...startOptions(), installation, vhosts: [VHOST], preferredPort: 0 });
}

function startOptions() {
  return { stopRequested: new AbortController().signal, say: () => undefined };
}
