import type { DataSource } from 'typeorm';
import { BackOff, systemClock } from '#libs/timing';
import { ADVISORY_LOCK_CLASSES } from './advisory-locks.js';
import { isBehindPooler } from './data-source.js';
import { createPartitions } from './partitions/partition-keeper.js';
import { partitionedTables, type Retention } from './partitions/partitioned-tables.js';
import { UnusableDatabaseError } from './unusable-database-error.js';

const POLL_PAUSES = { firstMs: 200, longestMs: 1_000 };

/** The schema is older than this version, and `DATABASE_MIGRATIONS=manual` forbids migrating it at the start. */
export class OutdatedSchemaError extends Error {
  override readonly name = 'OutdatedSchemaError';

  constructor() {
    super('the database schema is older than this version and DATABASE_MIGRATIONS is "manual": run "npm run migrate"');
  }
}

/**
 * Migrates the schema and creates the partitions that ingesting needs. If several instances start at once, one
 * migrates and the others wait.
 *
 * The lock is polled, because a session that waits in pg_advisory_lock() deadlocks with CREATE INDEX CONCURRENTLY. The
 * transaction that holds the lock reads nothing, so it delays neither CREATE INDEX CONCURRENTLY nor a vacuum.
 *
 * @param dataSource for migrations, with at least three connections
 * @param signal aborts the wait for another instance
 * @returns the names of the migrations that ran
 * @throws UnusableDatabaseError behind a pooler
 */
export async function migrateDatabase(
  dataSource: DataSource,
  retention: Retention,
  signal?: AbortSignal,
): Promise<string[]> {
  if (isBehindPooler(dataSource)) throw new UnusableDatabaseError(POOLER_MESSAGE);
  const lockHolder = dataSource.createQueryRunner();
  try {
    const backOff = new BackOff(POLL_PAUSES);
    while (!(await tryLock())) await systemClock.sleep(backOff.next(), signal);
    const run = await dataSource.runMigrations({ transaction: 'each' });
    await createAllPartitions(dataSource, retention);
    return run.map((migration) => migration.name);
  } finally {
    // If the connection is lost, Postgres has released the lock.
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

const POOLER_MESSAGE =
  'the schema cannot be migrated through a connection pooler: set DATABASE_MIGRATIONS_URL to the URL of Postgres itself';

/** Creates missing partitions of all tables; part of {@link migrateDatabase}. */
export async function createAllPartitions(dataSource: DataSource, retention: Retention): Promise<void> {
  for (const table of partitionedTables(retention)) await createPartitions(dataSource, table, new Date());
}

export async function isSchemaCurrent(dataSource: DataSource): Promise<boolean> {
  const [row] = await dataSource.query<{ exists: boolean }[]>(
    `SELECT to_regclass('schema_migrations') IS NOT NULL AS exists`,
  );
  return row!.exists && !(await dataSource.showMigrations());
}

/** @throws OutdatedSchemaError when a migration has not run yet */
export async function requireCurrentSchema(dataSource: DataSource): Promise<void> {
  if (!(await isSchemaCurrent(dataSource))) throw new OutdatedSchemaError();
}
