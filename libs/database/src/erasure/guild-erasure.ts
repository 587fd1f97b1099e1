import type { EntityManager } from 'typeorm';
import { CounterPanel } from '../entities/counter-panel.entity.js';
import { GuildSettings } from '../entities/guild-settings.entity.js';
import { StarboardEntry } from '../entities/starboard-entry.entity.js';
import type { ErasureJob } from './erasure-jobs.js';

/** A table of which a guild may have many rows. */
interface GuildTable {
  table: string;
  /** The columns of the primary key after `guild_id`. */
  key: readonly string[];
  /** The column that says when an event occurred. */
  occurredAt?: string;
}

/** In the order in which they are erased: without marks nobody computes rollups of a guild that is being erased. */
const TABLES: readonly GuildTable[] = [
  { table: 'statistic_rollup_pending', key: ['kind', 'bucket', 'span', 'generation'] },
  { table: 'statistic_events', key: ['kind', 'occurred_at', 'event_id'], occurredAt: 'occurred_at' },
  { table: 'statistic_totals', key: ['kind', 'bucket', 'facet'] },
  { table: 'statistic_groups', key: ['kind', 'dimension', 'span', 'bucket', 'facet'] },
  { table: 'guild_snapshots', key: ['bucket'] },
];

/** How far the rows of a guild are erased: all of the tables before this one, and of this one up to a key. */
export interface GuildPosition {
  table: number;
  /** As Postgres writes it. */
  after?: readonly string[];
}

/** Deletes what there is little of: without settings the guild is one that was never enabled, for everybody. */
export async function eraseGuildSettings(manager: EntityManager, guildId: string): Promise<void> {
  for (const entity of [GuildSettings, CounterPanel, StarboardEntry]) {
    await manager.getRepository<{ guildId: string }>(entity).delete({ guildId });
  }
  await manager.query(`DELETE FROM collection_periods WHERE guild_id = $1`, [guildId]);
}

/**
 * Deletes rows of the guild in the order of their keys; events only from before the erasure. Nothing but events can be
 * younger: whatever else is stored needs settings, and the guild gets none before its erasure is finished.
 *
 * @param from what is before it is deleted already; passing over it spares walking over what is dead
 * @param limit how many rows at most
 * @returns from where to go on, or undefined where the end was reached
 */
export async function eraseGuildRows(
  manager: EntityManager,
  { guildId, before }: ErasureJob,
  from: GuildPosition | undefined,
  limit: number,
): Promise<GuildPosition | undefined> {
  let { table, after }: GuildPosition = from ?? { table: 0 };
  let left = limit;
  for (; table < TABLES.length; table++, after = undefined) {
    const { deleted, last } = await deleteRows(manager, TABLES[table]!, { guildId, before }, after, left);
    if (last !== undefined) return { table, after: last };
    left -= deleted;
  }
  return undefined;
}

/** @returns how many rows were deleted, and the key of the last one where there may be more */
async function deleteRows(
  manager: EntityManager,
  { table, key, occurredAt }: GuildTable,
  { guildId, before }: Pick<ErasureJob, 'guildId' | 'before'>,
  after: readonly string[] | undefined,
  limit: number,
): Promise<{ deleted: number; last?: readonly string[] }> {
  const parameters: unknown[] = [guildId];
  const add = (values: readonly unknown[]) => values.map((value) => `$${parameters.push(value)}`).join(', ');
  const columns = key.join(', ');
  let where = `guild_id = $1`;
  if (occurredAt !== undefined) where += ` AND ${occurredAt} < ${add([before])}`;
  if (after !== undefined) where += ` AND (${columns}) > (${add(after)})`;
  const [bound] = await manager.query<Record<string, string>[]>(
    `SELECT ${key.map((column) => `${column}::text`).join(', ')} FROM ${table}
     WHERE ${where} ORDER BY ${key.map((column) => `${table}.${column}`).join(', ')} OFFSET ${limit - 1} LIMIT 1`,
    parameters,
  );
  const last = bound === undefined ? undefined : key.map((column) => bound[column]!);
  if (last !== undefined) where += ` AND (${columns}) <= (${add(last)})`;
  const [, deleted] = await manager.query<[unknown, number]>(`DELETE FROM ${table} WHERE ${where}`, parameters);
  return { deleted, last };
}
