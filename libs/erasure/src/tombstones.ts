import type { EntityManager } from 'typeorm';
import { readBriefly } from './partition-reads.js';

/** In `erasure_tombstones.user_id` and `erasures.user_id`: the whole guild. No Discord id is 0. */
export const WHOLE_GUILD = '0';

/**
 * Keeps out events of the member from before now that come later; it reaches past the newest stored event, whose clock
 * may be ahead of ours. Call it under the exclusive lock of the guild's stripe: then what is stored is from before that
 * time, and what is stored later is not.
 *
 * @returns that time, ISO 8601 in UTC with microseconds
 */
export async function layMemberTombstone(manager: EntityManager, guildId: string, userId: string): Promise<string> {
  return (await layMemberTombstones(manager, [guildId], userId)).get(guildId)!;
}

/** The same in several guilds, with the same few statements. @returns the times by guild */
export function layMemberTombstones(
  manager: EntityManager,
  guildIds: readonly string[],
  userId: string,
): Promise<Map<string, string>> {
  return layTombstones(manager, guildIds, userId, ' AND user_id = $3');
}

/**
 * The same for everything of the guild.
 *
 * @param before instead of now
 */
export async function layGuildTombstone(manager: EntityManager, guildId: string, before?: Date): Promise<string> {
  return (await layTombstones(manager, [guildId], WHOLE_GUILD, '', before)).get(guildId)!;
}

/** Lays the same tombstone again, with the time that it had. @returns its time, or that of one which reaches further */
export async function layTombstoneAgain(
  manager: EntityManager,
  { guildId, userId, before }: { guildId: string; userId: string; before: string },
): Promise<string> {
  const source = 'VALUES ($1::bigint, $2::bigint, $3::timestamptz, clock_timestamp())';
  return (await saveTombstones(manager, source, [guildId, userId, before])).get(guildId)!;
}

/** Only events that are younger can move the time. It is a parameter, so that no other partition is locked. */
async function layTombstones(
  manager: EntityManager,
  guildIds: readonly string[],
  userId: string,
  andUser: string,
  before?: Date,
): Promise<Map<string, string>> {
  const [clock] = await manager.query<{ now: string; time: string }[]>(
    `SELECT now::text, coalesce($1::timestamptz, now)::text AS time FROM clock_timestamp() AS now`,
    [before ?? null],
  );
  const { now, time } = clock!;
  const younger = await readBriefly(manager, () =>
    manager.query<{ guild_id: string; latest: string }[]>(
      `SELECT guild_id, max(occurred_at)::text AS latest FROM statistic_events
       WHERE guild_id = ANY ($1)${andUser} AND occurred_at >= $2 GROUP BY guild_id`,
      andUser === '' ? [guildIds, time] : [guildIds, time, userId],
    ),
  );
  const latest = new Map(younger.map((row) => [row.guild_id, row.latest]));
  return saveTombstones(
    manager,
    `SELECT guild_id, $2::bigint, greatest($3::timestamptz, latest + interval '1 millisecond'), $4::timestamptz
     FROM unnest($1::bigint[], $5::timestamptz[]) AS erased(guild_id, latest)`,
    [guildIds, userId, time, now, guildIds.map((guildId) => latest.get(guildId) ?? null)],
  );
}

async function saveTombstones(
  manager: EntityManager,
  source: string,
  parameters: unknown[],
): Promise<Map<string, string>> {
  const rows = await manager.query<{ guild_id: string; before: string }[]>(
    `INSERT INTO erasure_tombstones (guild_id, user_id, before, erased_at) ${source}
     ON CONFLICT (guild_id, user_id) DO UPDATE SET
       before = greatest(erasure_tombstones.before, excluded.before), erased_at = excluded.erased_at
     RETURNING guild_id, to_char(before AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS before`,
    parameters,
  );
  return new Map(rows.map((row) => [row.guild_id, row.before]));
}

/**
 * Drops the tombstones that no event can meet any more: what they keep out is from before the event horizon, which keeps
 * it out for good, whatever the retention becomes. The tombstone of an unfinished erasure stays: nothing may come in
 * behind what was erased already.
 */
export async function dropSpentTombstones(manager: EntityManager): Promise<void> {
  await manager.query(
    `DELETE FROM erasure_tombstones t
     WHERE t.before <= (SELECT events_since FROM event_horizon)
       AND NOT EXISTS (SELECT FROM erasures e WHERE e.guild_id = t.guild_id AND e.user_id = t.user_id)`,
  );
}
