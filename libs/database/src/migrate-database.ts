import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { ADVISORY_LOCK_CLASSES } from './advisory-locks.js';
import { makePartitions } from './partitions/partition-keeper.js';
import { partitionedTables, type Retention } from './partitions/partitioned-tables.js';

const POLL_MS = 200;

/** The schema is older than this program, and `DATABASE_MIGRATIONS=manual` forbids to change that at start. */
export class OutdatedSchemaError extends Error {
  override readonly name = 'OutdatedSchemaError';

  constructor() {
    super('the database schema is older than this version and DATABASE_MIGRATIONS is "manual": run "npm run migrate"');
  }
}

/**
 * Brings the schema up to date, and makes the partitions that ingesting needs. Any number of instances may start at
 * once: one migrates, the others wait for it.
 *
 * The lock is polled: a waiter inside pg_advisory_lock() would deadlock with CREATE INDEX CONCURRENTLY.
 *
 * @param signal ends the waiting for another instance
 * @returns the names of the migrations that were run
 */
export async function migrateDatabase(
  dataSource: DataSource,
  retention: Retention,
  signal?: AbortSignal,
): Promise<string[]> {
  const lockHolder = dataSource.createQueryRunner();
  const key = [ADVISORY_LOCK_CLASSES.migrations, 0];
  try {
    while (!(await tryLock())) await sleep(POLL_MS, undefined, { signal });
    try {
      const run = await dataSource.runMigrations({ transaction: 'each' });
      for (const table of partitionedTables(retention)) await makePartitions(dataSource, table, new Date());
      return run.map((migration) => migration.name);
    } finally {
      await lockHolder.query(`SELECT pg_advisory_unlock($1, $2)`, key);
    }
  } finally {
    await lockHolder.release();
  }

  async function tryLock(): Promise<boolean> {
    const rows: { locked: boolean }[] = await lockHolder.query(`SELECT pg_try_advisory_lock($1, $2) AS locked`, key);
    return rows[0]?.locked === true;
  }
}

/** @throws OutdatedSchemaError when a migration has not been run yet */
export async function requireCurrentSchema(dataSource: DataSource): Promise<void> {
  if (await dataSource.showMigrations()) throw new OutdatedSchemaError();
}
