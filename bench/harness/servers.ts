import { connect } from 'amqplib';
import pg from 'pg';

/** A Postgres server on which the benches create databases. */
export const POSTGRES_URL = process.env.BENCH_DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres';
/** A broker. If `rabbitmqctl` works, a bench creates its own virtual host; else it uses and empties that of the URL. */
export const RABBITMQ_URL = process.env.BENCH_RABBITMQ_URL || 'amqp://guest:guest@127.0.0.1:5672';

/** Reads a number from the environment, for shorter or longer runs than usual. */
export function benchNumber(variable: string, usual: number): number {
  const text = process.env[variable];
  if (text === undefined || text === '') return usual;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${variable} must be a positive integer`);
  return value;
}

export async function postgresVersion(): Promise<string> {
  const client = new pg.Client(POSTGRES_URL);
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  await client.end();
  return rows[0]!.server_version;
}

export async function rabbitmqVersion(): Promise<string> {
  const model = await connect(RABBITMQ_URL);
  const { version } = (model.connection as unknown as { serverProperties: { version: string } }).serverProperties;
  await model.close();
  return version;
}
