import type { DataSource, EntityManager } from 'typeorm';
import { growingPause, systemClock } from '#libs/timing';
import type { Queries } from '../queries.js';
import { ADVISORY_LOCK_CLASSES } from '../advisory-locks.js';
import { isConnectionFailure, SQLSTATE, sqlState } from '../database-errors.js';
import { raiseEventHorizon } from './event-horizon.js';
import { isExpired, rangeOfPartition, requiredPartitions } from './partitioned-tables.js';
import type { PartitionedTable, PartitionRange } from './partitioned-tables.js';

/** What {@link keepPartitions} has done. */
export interface PartitionChanges {
  created: string[];
  dropped: string[];
  /** Partitions that a lock or a stale bucket kept from being created or dropped. The next round retries. */
  busy: string[];
  /** One error for each other change that failed. A failure does not stop the other changes. */
  failures: Error[];
}

const LOCK_TIMEOUT = '500ms';
const LOCK_ATTEMPTS = 5;
/** Between two attempts, transactions that queue behind the lock proceed. */
const LOCK_PAUSES = { firstMs: 100, longestMs: 1_000 };

/**
 * Creates missing partitions and drops those past their retention. Several instances may call this at the same time.
 *
 * DDL on a partitioned table takes an ACCESS EXCLUSIVE lock, and all other statements queue behind DDL that waits for
 * it. So each DDL statement waits for at most half a second, and is retried after a pause.
 */
export async function keepPartitions(
  dataSource: DataSource,
  table: PartitionedTable,
  now: Date,
): Promise<PartitionChanges> {
  const changes = await createMissing(dataSource, table, now);
  for (const name of await existingPartitions(dataSource, table)) {
    const range = rangeOfPartition(table, name);
    if (range === undefined || !isExpired(table, range, now)) continue;
    await collectFailure(changes, `dropping ${name}`, async () => {
      ((await dropPartition(dataSource, table, range)) ? changes.dropped : changes.busy).push(name);
    });
  }
  await collectFailure(changes, `emptying ${table.table}_default`, () => deleteExpiredRows(dataSource, table, now));
  return changes;
}

/** Creates missing partitions, and drops none. @throws if some cannot be created, after the others have been */
export async function createPartitions(dataSource: DataSource, table: PartitionedTable, now: Date): Promise<void> {
  const { failures } = await createMissing(dataSource, table, now);
  if (failures.length === 1) throw failures[0]!;
  if (failures.length > 1) throw new AggregateError(failures, `partitions of ${table.table} could not be created`);
}

async function createMissing(dataSource: DataSource, table: PartitionedTable, now: Date): Promise<PartitionChanges> {
  const changes: PartitionChanges = { created: [], dropped: [], busy: [], failures: [] };
  const existing = await existingPartitions(dataSource, table);
  for (const range of requiredPartitions(table, now)) {
    if (existing.has(range.name)) continue;
    await collectFailure(changes, `creating ${range.name}`, async () => {
      const isCreated = await withLockTimeout(dataSource, (manager) => createPartition(manager, table, range));
      (isCreated ? changes.created : changes.busy).push(range.name);
    });
  }
  await reportNameConflicts(dataSource, table, changes);
  return changes;
}

/** Adds an error of the work to the failures. @throws connection failures */
async function collectFailure({ failures }: PartitionChanges, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isConnectionFailure(error)) throw error;
    failures.push(new Error(`${what}: ${(error as Error).message}`, { cause: error }));
  }
}

/** @returns false if the lock was not granted, or rollups of its events have to be computed first */
async function dropPartition(
  dataSource: DataSource,
  { feedsRollups = false }: PartitionedTable,
  range: PartitionRange,
): Promise<boolean> {
  if (feedsRollups && (await hasStaleBuckets(dataSource, range))) return false;
  return withLockTimeout(dataSource, async (manager) => {
    await manager.query(`DROP TABLE IF EXISTS "${range.name}"`);
    if (feedsRollups) await raiseEventHorizon(manager, range.to);
  });
}

async function hasStaleBuckets(dataSource: DataSource, { from, to }: PartitionRange): Promise<boolean> {
  const rows = await dataSource.query<unknown[]>(
    `SELECT FROM statistic_rollup_pending WHERE bucket >= $1 AND bucket < $2 LIMIT 1`,
    [from, to],
  );
  return rows.length > 0;
}

/** Deletes rows of the default partition that arrived after their partition was dropped. */
async function deleteExpiredRows(dataSource: DataSource, table: PartitionedTable, now: Date): Promise<void> {
  const [oldest] = requiredPartitions(table, now);
  await dataSource.query(`DELETE FROM "${table.table}_default" WHERE "${table.column}" < $1`, [oldest!.from]);
}

/** The number of rows in the default partition; normally 0. */
export async function countDefaultPartition(dataSource: DataSource, table: PartitionedTable): Promise<number> {
  const [row] = await dataSource.query<{ count: string }[]>(`SELECT count(*) FROM "${table.table}_default"`);
  return Number(row?.count ?? 0);
}

/** The names of all partitions, including the default partition. */
export async function existingPartitions(
  dataSource: Queries,
  table: Pick<PartitionedTable, 'table'>,
): Promise<Set<string>> {
  const rows = await dataSource.query<{ name: string }[]>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass`,
    [table.table],
  );
  return new Set(rows.map((row) => row.name));
}

/** A table can have a partition's name without being attached, such as a detached archive. That is a failure. */
async function reportNameConflicts(
  dataSource: DataSource,
  table: PartitionedTable,
  changes: PartitionChanges,
): Promise<void> {
  if (changes.created.length === 0) return;
  const existing = await existingPartitions(dataSource, table);
  const unattached = changes.created.filter((name) => !existing.has(name));
  changes.created = changes.created.filter((name) => existing.has(name));
  for (const name of unattached) {
    const message = `the table ${name} has the name of a partition of ${table.table}: rename it, or attach it`;
    changes.failures.push(new Error(message));
  }
}

/** Creates the table, moves its rows from the default partition, then attaches it. */
async function createPartition(manager: EntityManager, table: PartitionedTable, range: PartitionRange): Promise<void> {
  const { name } = range;
  const [from, to] = [range.from.toISOString(), range.to.toISOString()];
  await manager.query(`CREATE TABLE "${name}" (LIKE "${table.table}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
  await manager.query(`LOCK TABLE "${table.table}" IN ACCESS EXCLUSIVE MODE`);
  await manager.query(
    `WITH moved AS (DELETE FROM "${table.table}_default" WHERE "${table.column}" >= $1 AND "${table.column}" < $2 RETURNING *)
     INSERT INTO "${name}" SELECT * FROM moved`,
    [from, to],
  );
  await manager.query(
    `ALTER TABLE "${table.table}" ATTACH PARTITION "${name}" FOR VALUES FROM ('${from}') TO ('${to}')`,
  );
}

/** @returns false if the lock was not granted; true also if another instance has done the same work */
async function withLockTimeout(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<unknown>,
): Promise<boolean> {
  for (let attempt = 1; attempt <= LOCK_ATTEMPTS; attempt++) {
    try {
      await dataSource.transaction(async (manager) => {
        await manager.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
        // Dropping the same partition twice at the same time causes an internal error of Postgres.
        await manager.query(`SELECT pg_advisory_xact_lock($1, 0)`, [ADVISORY_LOCK_CLASSES.partitions]);
        await work(manager);
      });
      return true;
    } catch (error) {
      if (sqlState(error) === SQLSTATE.duplicateTable) return true;
      if (sqlState(error) !== SQLSTATE.lockNotAvailable) throw error;
      await systemClock.sleep(growingPause(attempt, LOCK_PAUSES));
    }
  }
  return false;
}
