import type { EntityManager } from 'typeorm';
import { readAndReleaseLocks } from '#libs/database';
import { namesMember } from './erased-tables.js';

/** In `erasure_tombstones.user_id` and `erasures.user_id`: the whole guild. No Discord id is 0. */
export const WHOLE_GUILD = '0';

/**
 * Writes a tombstone that keeps out events of the member from before now that arrive later. Its time is after the
 * newest stored event, even if the publisher's clock is ahead. Call this under the exclusive lock of the guild's
 * stripe: then every stored event is from before the tombstone, and every event that is stored later is from after it.
 *
 * @returns its time, ISO 8601 in UTC with microseconds
 */
export async function writeMemberTombstone(manager: EntityManager, guildId: string, userId: string): Promise<string> {
  return (await writeMemberTombstones(manager, [guildId], userId)).get(guildId)!;
}

/** As {@link writeMemberTombstone}, in several guilds. @returns the times, by guild */
export function writeMemberTombstones(
  manager: EntityManager,
  guildIds: readonly string[],
  userId: string,
): Promise<Map<string, string>> {
  return writeTombstones(manager, guildIds, userId, ` AND ${namesMember('statistic_events', '$3')}`);
}

/**
 * As {@link writeMemberTombstone}, for all events of the guild.
 *
 * @param before @defaultValue now
 */
export async function writeGuildTombstone(manager: EntityManager, guildId: string, before?: Date): Promise<string> {
  return (await writeTombstones(manager, [guildId], WHOLE_GUILD, '', before)).get(guildId)!;
}

/** Writes a tombstone with this time, unless a later one exists. @returns the time of the tombstone */
export async function restoreTombstone(
  manager: EntityManager,
  { guildId, userId, before }: { guildId: string; userId: string; before: string },
): Promise<string> {
  const source = 'VALUES ($1::bigint, $2::bigint, $3::timestamptz, clock_timestamp())';
  return (await saveTombstones(manager, source, [guildId, userId, before])).get(guildId)!;
}

/**
 * Reads only events from the tombstone's time on. That time is a parameter, so that other partitions are not locked.
 */
async function writeTombstones(
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
  const newer = await readAndReleaseLocks(manager, () =>
    manager.query<{ guild_id: string; latest: string }[]>(
      `SELECT guild_id, max(occurred_at)::text AS latest FROM statistic_events
       WHERE guild_id = ANY ($1)${andUser} AND occurred_at >= $2 GROUP BY guild_id`,
      andUser === '' ? [guildIds, time] : [guildIds, time, userId],
    ),
  );
  const latest = new Map(newer.map((row) => [row.guild_id, row.latest]));
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
 * Drops tombstones from before the event horizon, because no event from before the horizon is stored anyway. The
 * tombstones of unfinished erasures are kept, so that no event is stored behind their position.
 */
export async function dropExpiredTombstones(manager: EntityManager): Promise<void> {
  await manager.query(
    `DELETE FROM erasure_tombstones t
     WHERE t.before <= (SELECT events_since FROM event_horizon)
       AND NOT EXISTS (SELECT FROM erasures e WHERE e.guild_id = t.guild_id AND e.user_id = t.user_id)`,
  );
}
