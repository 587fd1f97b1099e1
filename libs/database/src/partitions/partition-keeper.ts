import type { DataSource, EntityManager } from 'typeorm';
import { growingPause, systemClock } from '#libs/timing';
import { ADVISORY_LOCK_CLASSES } from '../advisory-locks.js';
import { isConnectionFailure, SQLSTATE, sqlState } from '../database-errors.js';
import { raiseEventHorizon } from './event-horizon.js';
import { isExpired, rangeOfPartition, requiredPartitions } from './partitioned-tables.js';
import type { PartitionedTable, PartitionRange } from './partitioned-tables.js';

export interface PartitionUpkeep {
  created: string[];
  dropped: string[];
  /**
   * Partitions that should be made or dropped, but somebody uses them or rollups are to be computed first; the next
   * round tries again.
   */
  busy: string[];
  /** What could not be done, and why; nothing else was kept from being done by it. */
  failures: Error[];
}

const LOCK_TIMEOUT = '500ms';
const LOCK_ATTEMPTS = 5;
/** Others that queue behind the lock get through between two attempts. */
const LOCK_PAUSES = { firstMs: 100, longestMs: 1_000 };

/**
 * Makes the partitions that are missing and drops those past their retention. Several instances may call it at the
 * same time: one works, the others find its work done.
 *
 * DDL on a partitioned table takes ACCESS EXCLUSIVE on it, and everybody else queues behind a DDL that waits. So each
 * statement waits half a second at most, and tries again later.
 */
export async function keepPartitions(
  dataSource: DataSource,
  table: PartitionedTable,
  now: Date,
): Promise<PartitionUpkeep> {
  const upkeep = await makeMissing(dataSource, table, now);
  for (const name of await existingPartitions(dataSource, table)) {
    const range = rangeOfPartition(table, name);
    if (range === undefined || !isExpired(table, range, now)) continue;
    await attempt(upkeep, `dropping ${name}`, async () => {
      ((await dropPartition(dataSource, table, range)) ? upkeep.dropped : upkeep.busy).push(name);
    });
  }
  await attempt(upkeep, `emptying ${table.table}_default`, () => deleteExpiredStrays(dataSource, table, now));
  return upkeep;
}

/** Makes the partitions that are missing, and drops nothing. @throws when one cannot be made, after the others were */
export async function makePartitions(dataSource: DataSource, table: PartitionedTable, now: Date): Promise<void> {
  const { failures } = await makeMissing(dataSource, table, now);
  if (failures.length === 1) throw failures[0]!;
  if (failures.length > 1) throw new AggregateError(failures, `the partitions of ${table.table} could not be made`);
}

async function makeMissing(dataSource: DataSource, table: PartitionedTable, now: Date): Promise<PartitionUpkeep> {
  const upkeep: PartitionUpkeep = { created: [], dropped: [], busy: [], failures: [] };
  const existing = await existingPartitions(dataSource, table);
  for (const range of requiredPartitions(table, now)) {
    if (existing.has(range.name)) continue;
    await attempt(upkeep, `making ${range.name}`, async () => {
      const isMade = await withLockTimeout(dataSource, (manager) => createPartition(manager, table, range));
      (isMade ? upkeep.created : upkeep.busy).push(range.name);
    });
  }
  await refuseStrangers(dataSource, table, upkeep);
  return upkeep;
}

/** Notes a failure, so that what comes next is done all the same. @throws when the connection fails */
async function attempt({ failures }: PartitionUpkeep, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isConnectionFailure(error)) throw error;
    failures.push(new Error(`${what}: ${(error as Error).message}`, { cause: error }));
  }
}

/** @returns false while somebody uses it, or rollups of its events are still to be computed */
async function dropPartition(
  dataSource: DataSource,
  { feedsRollups = false }: PartitionedTable,
  range: PartitionRange,
): Promise<boolean> {
  if (feedsRollups && (await hasMarks(dataSource, range))) return false;
  return withLockTimeout(dataSource, async (manager) => {
    await manager.query(`DROP TABLE IF EXISTS "${range.name}"`);
    if (feedsRollups) await raiseEventHorizon(manager, range.to);
  });
}

async function hasMarks(dataSource: DataSource, { from, to }: PartitionRange): Promise<boolean> {
  const rows = await dataSource.query<unknown[]>(
    `SELECT FROM statistic_rollup_pending WHERE bucket >= $1 AND bucket < $2 LIMIT 1`,
    [from, to],
  );
  return rows.length > 0;
}

/** What came so late that its partition was gone already waits in the default partition for nothing. */
async function deleteExpiredStrays(dataSource: DataSource, table: PartitionedTable, now: Date): Promise<void> {
  const [oldest] = requiredPartitions(table, now);
  await dataSource.query(`DELETE FROM "${table.table}_default" WHERE "${table.column}" < $1`, [oldest!.from]);
}

/** How many rows wait in the default partition for a partition of their own; 0 in normal life. */
export async function countDefaultPartition(dataSource: DataSource, table: PartitionedTable): Promise<number> {
  const [row] = await dataSource.query<{ count: string }[]>(`SELECT count(*) FROM "${table.table}_default"`);
  return Number(row?.count ?? 0);
}

/** The names of the partitions there are now, with that of the default partition. */
export async function existingPartitions(
  dataSource: DataSource | EntityManager,
  table: Pick<PartitionedTable, 'table'>,
): Promise<Set<string>> {
  const rows = await dataSource.query<{ name: string }[]>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass`,
    [table.table],
  );
  return new Set(rows.map((row) => row.name));
}

/** A table may bear a partition's name without being one (an archive that was detached). */
async function refuseStrangers(
  dataSource: DataSource,
  table: PartitionedTable,
  upkeep: PartitionUpkeep,
): Promise<void> {
  if (upkeep.created.length === 0) return;
  const existing = await existingPartitions(dataSource, table);
  const strangers = upkeep.created.filter((name) => !existing.has(name));
  upkeep.created = upkeep.created.filter((name) => existing.has(name));
  for (const name of strangers) {
    const what = `the table ${name} stands where a partition of ${table.table} must be: rename it, or attach it`;
    upkeep.failures.push(new Error(what));
  }
}

/** Creates the table by itself, moves into it what the default partition holds for it, then attaches it. */
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

/** @returns false when the lock could not be had; true also when another instance did the same first */
async function withLockTimeout(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<unknown>,
): Promise<boolean> {
  for (let attempt = 1; attempt <= LOCK_ATTEMPTS; attempt++) {
    try {
      await dataSource.transaction(async (manager) => {
        await manager.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
        // Two that drop the same partition at once would meet an internal error of Postgres.
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
