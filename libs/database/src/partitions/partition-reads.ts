import { existingPartitions } from './partition-keeper.js';
import type { Queries } from '../queries.js';

/** A query reads at most this many partitions: each takes an entry in the lock table, and one more for each index. */
const MAX_PARTITIONS_READ = 64;

/**
 * Reads in a transaction, then releases the locks of the read. So a transaction that reads many partitions keeps only
 * the locks of those that it changes. No partition may be created or dropped meanwhile.
 */
export async function readAndReleaseLocks<T>(manager: Queries, read: () => Promise<T>): Promise<T> {
  await manager.query('SAVEPOINT reading');
  const result = await read();
  await manager.query('ROLLBACK TO SAVEPOINT reading; RELEASE SAVEPOINT reading');
  return result;
}

/**
 * Consecutive time ranges, in Postgres's text format, that together cover all time. In each range, a query of the
 * table, which is partitioned by day, reads at most {@link MAX_PARTITIONS_READ} partitions.
 */
export async function partitionRanges(manager: Queries, table: string): Promise<[from: string, to: string][]> {
  const days = [...(await existingPartitions(manager, { table }))]
    .map((name) => /_(\d{4})(\d\d)(\d\d)$/.exec(name))
    .filter((match) => match !== null)
    .map(([, year, month, day]) => `${year}-${month}-${day} 00:00:00+00`)
    .toSorted();
  const bounds = days.filter((_, index) => index > 0 && index % MAX_PARTITIONS_READ === 0);
  return ['-infinity', ...bounds].map((from, index) => [from, bounds[index] ?? 'infinity']);
}

/** The partitions among `names` that have rows of the guild. */
export async function partitionsOfGuild(
  manager: Queries,
  names: readonly string[],
  guildId: string,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let start = 0; start < names.length; start += MAX_PARTITIONS_READ) {
    const queries = names
      .slice(start, start + MAX_PARTITIONS_READ)
      .map((name) => `SELECT '${name}' AS name WHERE EXISTS (SELECT FROM "${name}" WHERE guild_id = $1)`);
    const sql = queries.join(' UNION ALL ');
    const rows = await readAndReleaseLocks(manager, () => manager.query<{ name: string }[]>(sql, [guildId]));
    for (const { name } of rows) found.add(name);
  }
  return found;
}
