import type { EntityManager } from 'typeorm';
import { existingPartitions } from '#libs/database';
import { ERASED_TABLES, type ErasedInSteps } from './erased-tables.js';
import type { ErasureJob, GuildPosition } from './erasure-jobs.js';
import { partitionsOfGuild } from './partition-reads.js';

interface GuildTable extends ErasedInSteps {
  table: string;
}

/** In the order in which they are erased. */
const TABLES: readonly GuildTable[] = ERASED_TABLES.flatMap(({ table, ofGuild }) =>
  ofGuild.way === 'in steps' ? [{ table, ...ofGuild }] : [],
);

/** A guild with rows in more partitions is not erased at once: each is locked until the step is over. */
const MOST_PARTITIONS = 80;
/** Looking at a partition takes as long as deleting so many rows. */
const ROWS_A_PARTITION = 250;

/** Deletes what there is little of: without settings the guild is one that was never enabled, for everybody. */
export async function eraseGuildSettings(manager: EntityManager, guildId: string): Promise<void> {
  for (const { table, ofGuild } of ERASED_TABLES) {
    if (ofGuild.way !== 'at once') continue;
    if (ofGuild.erase) await ofGuild.erase(manager, guildId);
    else await manager.query(`DELETE FROM ${table} WHERE guild_id = $1`, [guildId]);
  }
}

/**
 * Deletes all rows of a guild that has few; events only from before the erasure. Nothing but events can be younger:
 * whatever else is stored needs settings, and the guild gets none before its erasure is finished.
 *
 * @returns false, with nothing deleted, when there are more rows than the limit
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
    if (found.length > MOST_PARTITIONS) return false;
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
 * Deletes rows of a guild partition by partition, and within one in the order of the key. Partitions are named
 * themselves: so each statement plans one table and reads what lies together, and never walks over what other steps
 * left dead.
 *
 * Partitions must not come or go meanwhile. Default partitions come first, as a new partition takes rows from them.
 *
 * @param limit how many rows at most
 * @returns from where to go on, or undefined where the end was reached
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
      left -= deleted + ROWS_A_PARTITION;
    }
  }
  return undefined;
}

/**
 * Those that have rows of the guild, in the order in which they are erased, from this one on, or from the next where
 * this one is gone.
 */
async function partitionsOf(
  manager: EntityManager,
  { table, isPartitioned }: GuildTable,
  guildId: string,
  from?: string,
): Promise<string[]> {
  if (!isPartitioned) return [table];
  const place = (name: string) => (name === `${table}_default` ? '' : name);
  const names = [...(await existingPartitions(manager, { table }))];
  const ahead = names.filter((name) => from === undefined || place(name) >= place(from));
  const withRows = await partitionsOfGuild(manager, ahead, guildId);
  return [...withRows].toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
}

/**
 * @param reached the steady columns of the last row that was deleted before
 * @returns how many rows were deleted, and the steady columns of the last one where there may be more
 */
async function deleteRows(
  manager: EntityManager,
  { key, steady, occurredAt }: GuildTable,
  partition: string,
  { guildId, before }: ErasureJob,
  reached: readonly string[] = [],
  limit: number,
): Promise<{ deleted: number; last?: readonly string[] }> {
  const parameters: unknown[] = [guildId];
  const add = (values: readonly unknown[]) => values.map((value) => `$${parameters.push(value)}`).join(', ');
  let where = `guild_id = $1`;
  if (occurredAt !== undefined) where += ` AND ${occurredAt} < ${add([before])}`;
  if (reached.length > 0) where += ` AND (${key.slice(0, steady).join(', ')}) >= (${add(reached)})`;
  const [bound] = await manager.query<{ last: string[] }[]>(
    `SELECT ARRAY[${key.map((column) => `${column}::text`).join(', ')}] AS last FROM "${partition}"
     WHERE ${where} ORDER BY ${key.join(', ')} OFFSET ${limit - 1} LIMIT 1`,
    parameters,
  );
  if (bound !== undefined) where += ` AND (${key.join(', ')}) <= (${add(bound.last)})`;
  const [, deleted] = await manager.query<[unknown, number]>(`DELETE FROM "${partition}" WHERE ${where}`, parameters);
  return { deleted, last: bound?.last.slice(0, steady) };
}
