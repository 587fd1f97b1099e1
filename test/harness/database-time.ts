import type { DataSource } from 'typeorm';
import { DATABASE_NOW } from '#libs/database';

/** Replaces the database time that is read through this data source with a clock of the test. */
export function setDatabaseTime(dataSource: DataSource, clock: { now(): number }): void {
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
    runner.query = (async (sql: string, ...rest: unknown[]) =>
      sql === DATABASE_NOW ? [{ now: String(clock.now()) }] : query(sql, ...rest)) as typeof runner.query;
    return runner;
  };
}
