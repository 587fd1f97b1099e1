import type { EntityManager } from 'typeorm';
import { existingPartitions, partitionsOfGuild } from '#libs/database';
import { ERASED_TABLES, type ErasedInSteps } from './erased-tables.js';
import type { ErasureJob, GuildPosition } from './erasure-jobs.js';

interface GuildTable extends ErasedInSteps {
  table: string;
}

/** The tables that are erased in steps, in this order. */
const TABLES: readonly GuildTable[] = ERASED_TABLES.flatMap(({ table, ofGuild }) =>
  ofGuild.way === 'in steps' ? [{ table, ...ofGuild }] : [],
);

/** Guilds with rows in more partitions are erased in steps, because each partition stays locked until the step ends. */
const MAX_PARTITIONS = 80;
/** Reading a partition takes as long as deleting this many rows. */
const ROWS_PER_PARTITION = 250;

/** Deletes the tables with few rows. Without settings, the guild is like one that was never enabled. */
export async function eraseGuildSettings(manager: EntityManager, guildId: string): Promise<void> {
  for (const { table, ofGuild } of ERASED_TABLES) {
    if (ofGuild.way !== 'at once') continue;
    if (ofGuild.erase) await ofGuild.erase(manager, guildId);
    else await manager.query(`DELETE FROM ${table} WHERE guild_id = $1`, [guildId]);
  }
}

/**
 * Deletes all rows of a small guild; of events only those from before the erasure. Only events can be newer: all other
 * rows need settings, and the guild cannot be enabled again before its erasure is finished.
 *
 * @returns false, and deletes nothing, if there are more rows than the limit
 */
export async function eraseSmallGuild(
  manager: EntityManager,
  { guildId, before }: ErasureJob,
  limit: number,
): Promise<boolean> {
  const found: { partition: string; occurredAt?: string }[] = [];
  for (const table of TABLES) {
    const { occurredAt } = table;
    found.push(...(await partitionsOf(manager, table, guildId)).map((partition) => ({ partition, occurredAt })));
    if (found.length > MAX_PARTITIONS) return false;
  }
  let left = limit;
  for (const { partition } of found) {
    const [row] = await manager.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM (SELECT FROM "${partition}" WHERE guild_id = $1 LIMIT $2) present`,
      [guildId, left + 1],
    );
    left -= row!.count;
    if (left < 0) return false;
  }
  for (const { partition, occurredAt } of found) {
    const andBefore = occurredAt === undefined ? '' : ` AND ${occurredAt} < $2`;
    await manager.query(
      `DELETE FROM "${partition}" WHERE guild_id = $1${andBefore}`,
      occurredAt === undefined ? [guildId] : [guildId, before],
    );
  }
  return true;
}

/**
 * Deletes rows of a guild, partition by partition, in the order of the key. Statements name the partitions directly. So
 * each statement plans one table, reads adjacent rows, and skips the dead rows of earlier steps.
 *
 * No partition may be created or dropped meanwhile. Default partitions come first, because rows move from them to new
 * partitions.
 *
 * @param limit the maximum number of rows
 * @returns where the next step continues, or undefined at the end
 */
export async function eraseGuildRows(
  manager: EntityManager,
  job: ErasureJob,
  from: GuildPosition | undefined,
  limit: number,
): Promise<GuildPosition | undefined> {
  let left = limit;
  for (let table = from?.table ?? 0; table < TABLES.length; table++) {
    const start = table === from?.table ? from : undefined;
    for (const partition of await partitionsOf(manager, TABLES[table]!, job.guildId, start?.partition)) {
      if (left <= 0) return { table, partition };
      const reached = partition === start?.partition ? start.reached : undefined;
      const { deleted, last } = await deleteRows(manager, TABLES[table]!, partition, job, reached, left);
      if (last !== undefined) return { table, partition, reached: last };
      left -= deleted + ROWS_PER_PARTITION;
    }
  }
  return undefined;
}

/**
 * The partitions with rows of the guild, in the order of the erasure, starting at `from`, or after it if it was
 * dropped.
 */
async function partitionsOf(
  manager: EntityManager,
  { table, isPartitioned }: GuildTable,
  guildId: string,
  from?: string,
): Promise<string[]> {
  if (!isPartitioned) return [table];
  const sortKey = (name: string) => (name === `${table}_default` ? '' : name);
  const names = [...(await existingPartitions(manager, { table }))];
  const remaining = names.filter((name) => from === undefined || sortKey(name) >= sortKey(from));
  const withRows = await partitionsOfGuild(manager, remaining, guildId);
  return [...withRows].toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/**
 * @param reached the stable columns of the last row that was deleted before
 * @returns how many rows were deleted, and if there may be more, the stable columns of the last one
 */
async function deleteRows(
  manager: EntityManager,
  { key, stableColumns, occurredAt }: GuildTable,
  partition: string,
  { guildId, before }: ErasureJob,
  reached: readonly string[] = [],
  limit: number,
): Promise<{ deleted: number; last?: readonly string[] }> {
  const parameters: unknown[] = [guildId];
  const add = (values: readonly unknown[]) => values.map((value) => `$${parameters.push(value)}`).join(', ');
  let where = `guild_id = $1`;
  if (occurredAt !== undefined) where += ` AND ${occurredAt} < ${add([before])}`;
  if (reached.length > 0) where += ` AND (${key.slice(0, stableColumns).join(', ')}) >= (${add(reached)})`;
  const [bound] = await manager.query<{ last: string[] }[]>(
    `SELECT ARRAY[${key.map((column) => `${column}::text`).join(', ')}] AS last FROM "${partition}"
     WHERE ${where} ORDER BY ${key.join(', ')} OFFSET ${limit - 1} LIMIT 1`,
    parameters,
  );
  if (bound !== undefined) where += ` AND (${key.join(', ')}) <= (${add(bound.last)})`;
  const [, deleted] = await manager.query<[unknown, number]>(`DELETE FROM "${partition}" WHERE ${where}`, parameters);
  return { deleted, last: bound?.last.slice(0, stableColumns) };
}
