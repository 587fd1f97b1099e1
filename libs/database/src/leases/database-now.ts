/** Anything that runs SQL: a data source, a query runner, an entity manager. */
export interface Queryable {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

/** The query for the database's time. Tests that control the time intercept it. */
export const DATABASE_NOW = 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS now';

/**
 * The database's time in Unix milliseconds. All instances share this clock.
 *
 * It is read by a separate statement and passed to the next one as a parameter, because an UPDATE of a sharded table
 * must not call a clock function. The value is never ahead of the clock.
 */
export async function databaseNow(database: Queryable): Promise<number> {
  const [row] = (await database.query(DATABASE_NOW)) as [{ now: string }];
  return Number(row.now);
}
