import pg from 'pg';
import { createDataSource, migrateDatabase } from '#libs/database';
import { POSTGRES_URL } from './servers.js';

/** A migrated database for one bench. */
export interface BenchDatabase {
  url: string;
  /** A connection for the bench. */
  client: pg.Client;
  /** Closes all connections and drops the database. */
  drop(): Promise<void>;
}

/** @param name part of the database name */
export async function createBenchDatabase(name: string): Promise<BenchDatabase> {
  const database = `serverstats_bench_${name}_${process.pid}`;
  await onServer((server) => server.query(`CREATE DATABASE ${database}`));
  const url = new URL(POSTGRES_URL);
  url.pathname = `/${database}`;
  const drop = () => onServer((server) => server.query(`DROP DATABASE ${database} WITH (FORCE)`));
  const client = new pg.Client(url.href);
  try {
    await migrate(url.href);
    await client.connect();
  } catch (error) {
    await drop();
    throw error;
  }
  return {
    url: url.href,
    client,
    async drop() {
      await client.end();
      await drop();
    },
  };
}

async function migrate(url: string): Promise<void> {
  const dataSource = await createDataSource({ url, poolSize: 2, applicationName: 'serverstats-bench' }).initialize();
  await migrateDatabase(dataSource, { eventDays: 62, summaryDays: 400 });
  await dataSource.destroy();
}

async function onServer(use: (server: pg.Client) => Promise<unknown>): Promise<void> {
  const server = new pg.Client(POSTGRES_URL);
  await server.connect();
  try {
    await use(server);
  } finally {
    await server.end();
  }
}
