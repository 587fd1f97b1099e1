import type { DataSource } from 'typeorm';
import { BackOff, systemClock } from '#libs/timing';
import { ADVISORY_LOCK_CLASSES } from './advisory-locks.js';
import { isBehindPooler } from './data-source.js';
import { makePartitions } from './partitions/partition-keeper.js';
import { partitionedTables, type Retention } from './partitions/partitioned-tables.js';
import { UnusableDatabaseError } from './unusable-database-error.js';

const POLL_PAUSES = { firstMs: 200, longestMs: 1_000 };

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
 * The lock is polled: a waiter inside pg_advisory_lock() would deadlock with CREATE INDEX CONCURRENTLY. It belongs to a
 * transaction, which reads nothing and so holds back neither that nor a vacuum.
 *
 * @param dataSource for migrations, with room for three connections
 * @param signal ends the waiting for another instance
 * @returns the names of the migrations that were run
 * @throws UnusableDatabaseError behind a pooler
 */
export async function migrateDatabase(
  dataSource: DataSource,
  retention: Retention,
  signal?: AbortSignal,
): Promise<string[]> {
  if (isBehindPooler(dataSource)) throw new UnusableDatabaseError(NOT_THROUGH_A_POOLER);
  const lockHolder = dataSource.createQueryRunner();
  try {
    const backOff = new BackOff(POLL_PAUSES);
    while (!(await tryLock())) await systemClock.sleep(backOff.next(), signal);
    const run = await dataSource.runMigrations({ transaction: 'each' });
    await makeAllPartitions(dataSource, retention);
    return run.map((migration) => migration.name);
  } finally {
    // Where the connection is gone, the lock is too.
    if (lockHolder.isTransactionActive) await lockHolder.rollbackTransaction().catch(() => undefined);
    await lockHolder.release();
  }

  async function tryLock(): Promise<boolean> {
    await lockHolder.startTransaction();
    const rows: { locked: boolean }[] = await lockHolder.query(`SELECT pg_try_advisory_xact_lock($1, 0) AS locked`, [
      ADVISORY_LOCK_CLASSES.migrations,
    ]);
    if (rows[0]?.locked === true) return true;
    await lockHolder.rollbackTransaction();
    return false;
  }
}

const NOT_THROUGH_A_POOLER =
  'the schema cannot be migrated through a connection pooler: set DATABASE_MIGRATIONS_URL to the URL of Postgres itself';

/** The part of {@link migrateDatabase} that time makes necessary. */
export async function makeAllPartitions(dataSource: DataSource, retention: Retention): Promise<void> {
  for (const table of partitionedTables(retention)) await makePartitions(dataSource, table, new Date());
}

export async function isSchemaCurrent(dataSource: DataSource): Promise<boolean> {
  const [row] = await dataSource.query<{ exists: boolean }[]>(
    `SELECT to_regclass('schema_migrations') IS NOT NULL AS exists`,
  );
  return row!.exists && !(await dataSource.showMigrations());
}

/** @throws OutdatedSchemaError when a migration has not been run yet */
export async function requireCurrentSchema(dataSource: DataSource): Promise<void> {
  if (!(await isSchemaCurrent(dataSource))) throw new OutdatedSchemaError();
}
