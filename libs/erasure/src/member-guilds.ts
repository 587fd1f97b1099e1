import type { EntityManager } from 'typeorm';
import { ERASED_TABLES, memberColumns } from './erased-tables.js';

export interface MemberGuildPage {
  /** The guilds with references to the member. */
  guildIds: string[];
  /** The last guild that was searched. Undefined at the end. */
  next?: string;
}

const REFERENCES = ERASED_TABLES.flatMap(({ table }) =>
  memberColumns(table, 'isLookedUp').map(
    (column) => `SELECT true AS is_there FROM ${table} WHERE guild_id = g.guild_id AND ${column} = $1`,
  ),
);

/**
 * Searches up to `limit` guilds for references to the member: events, starboard entries that name the member, and
 * unfinished erasures.
 *
 * No index begins with the user, so each guild costs one index lookup in each partition. Call this in a transaction.
 *
 * @param after the last guild of the previous page
 */
export async function findMemberGuilds(
  manager: EntityManager,
  userId: string,
  after: string | undefined,
  limit: number,
): Promise<MemberGuildPage> {
  // A hash join would read all events of the member from every index.
  await manager.query(`
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off;
    SET LOCAL max_parallel_workers_per_gather = 0`);
  const rows = await manager.query<{ guild_id: string; is_known: boolean }[]>(
    `SELECT g.guild_id, coalesce(reference.is_there, false) AS is_known
     FROM (SELECT guild_id FROM guild_settings WHERE guild_id > $2 ORDER BY guild_id LIMIT $3) g
     LEFT JOIN LATERAL (${REFERENCES.join(' UNION ALL ')} LIMIT 1) reference ON true
     ORDER BY g.guild_id`,
    [userId, after ?? '0', limit],
  );
  const guildIds = rows.filter((row) => row.is_known).map((row) => row.guild_id);
  return { guildIds, ...(rows.length === limit && { next: rows.at(-1)!.guild_id }) };
}
