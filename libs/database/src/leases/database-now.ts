/** What runs SQL: a data source, a query runner, an entity manager. */
export interface Queryable {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

/** Asks the database for its time. Tests that move time on answer it themselves. */
export const DATABASE_NOW = 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS now';

/**
 * The time of the database's clock, the one clock that all instances share, in Unix milliseconds.
 *
 * It is a statement of its own and its result a parameter of the next one, as a sharded table takes no clock in an
 * UPDATE. Whatever happens between the two, the time that is used is never ahead of the clock.
 */
export async function databaseNow(database: Queryable): Promise<number> {
  const [row] = (await database.query(DATABASE_NOW)) as [{ now: string }];
  return Number(row.now);
}
