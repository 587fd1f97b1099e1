import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { Queries } from './queries.js';

/**
 * A driver connection, for what TypeORM cannot do: several statements in one round trip, and COPY. Such statements take
 * no parameters, so every value in them must be safe against SQL injection.
 */
export class DirectConnection implements Queries {
  constructor(private readonly client: pg.ClientBase) {}

  /** @returns the rows of each statement */
  async run(sql: string): Promise<unknown[][]> {
    const results = (await this.client.query(sql)) as unknown as pg.QueryResult<object> | pg.QueryResult<object>[];
    return [results].flat().map((result) => result.rows);
  }

  /** As an entity manager does it. @returns the rows of one statement */
  async query<Rows>(sql: string, parameters?: unknown[]): Promise<Rows> {
    return (await this.client.query<object>(sql, parameters)).rows as Rows;
  }

  /** @param data for the one `COPY … FROM STDIN` among the statements */
  runWithCopy(sql: string, data: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.client.query(new CopyQuery(sql, data, (error) => (error ? reject(error) : resolve())));
    });
  }
}

/** No transaction takes this long unless the server has vanished without closing the connection. */
const DEADLINE_MS = 60_000;

/** Rolls back when `use` fails. After a minute the connection is destroyed, and `use` fails. */
export async function onDirectConnection<T>(
  dataSource: DataSource,
  use: (connection: DirectConnection) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    const client = (await runner.connect()) as pg.ClientBase & { connection: { stream: Duplex } };
    const watchdog = setTimeout(() => client.connection.stream.destroy(), DEADLINE_MS);
    try {
      return await use(new DirectConnection(client));
    } catch (error) {
      // This fails if the connection is lost; the pool then removes it.
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(watchdog);
    }
  } finally {
    await runner.release();
  }
}

/** `pg.Query` rejects COPY in `handleCopyInResponse`, which this class overrides. */
class CopyQuery extends pg.Query {
  constructor(
    sql: string,
    private readonly data: Buffer,
    callback: (error: Error | undefined) => void,
  ) {
    super(sql, undefined, callback);
  }

  /** Writes the CopyData and CopyDone messages itself, because the driver would copy all data again. */
  handleCopyInResponse({ stream }: pg.Connection): void {
    const header = Buffer.allocUnsafe(5);
    header.write('d');
    header.writeUInt32BE(4 + this.data.length, 1);
    stream.cork();
    stream.write(header);
    stream.write(this.data);
    stream.write(COPY_DONE);
    stream.uncork();
  }
}

const COPY_DONE = Buffer.from('c\0\0\0\x04', 'latin1');
