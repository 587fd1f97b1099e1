import type { EntityManager } from 'typeorm';
import { existingPartitions } from '#libs/database';

/** So many partitions are looked into at once at most: each takes a place in the lock table, and one for each index. */
const PARTITIONS_AT_ONCE = 64;

/**
 * Reads in a transaction, and gives back the locks that the reading took. So a transaction that looks into every
 * partition holds in the end those alone that it changes. Partitions must not come or go meanwhile.
 */
export async function readBriefly<T>(manager: EntityManager, read: () => Promise<T>): Promise<T> {
  await manager.query('SAVEPOINT reading');
  const result = await read();
  await manager.query('ROLLBACK TO SAVEPOINT reading; RELEASE SAVEPOINT reading');
  return result;
}

/**
 * Bounds of all time, as Postgres writes them, between which a query of a table that is partitioned by day looks into so
 * many partitions at most.
 */
export async function stretchesOf(manager: EntityManager, table: string): Promise<[from: string, to: string][]> {
  const days = [...(await existingPartitions(manager, { table }))]
    .map((name) => /_(\d{4})(\d\d)(\d\d)$/.exec(name))
    .filter((match) => match !== null)
    .map(([, year, month, day]) => `${year}-${month}-${day} 00:00:00+00`)
    .toSorted();
  const bounds = days.filter((_, index) => index > 0 && index % PARTITIONS_AT_ONCE === 0);
  return ['-infinity', ...bounds].map((from, index) => [from, bounds[index] ?? 'infinity']);
}

/** Those of the partitions that have rows of the guild. */
export async function partitionsOfGuild(
  manager: EntityManager,
  names: readonly string[],
  guildId: string,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let start = 0; start < names.length; start += PARTITIONS_AT_ONCE) {
    const each = names
      .slice(start, start + PARTITIONS_AT_ONCE)
      .map((name) => `SELECT '${name}' AS name WHERE EXISTS (SELECT FROM "${name}" WHERE guild_id = $1)`);
    const sql = each.join(' UNION ALL ');
    const rows = await readBriefly(manager, () => manager.query<{ name: string }[]>(sql, [guildId]));
    for (const { name } of rows) found.add(name);
  }
  return found;
}
