import type { EntityManager } from 'typeorm';

/** In `erasure_tombstones.user_id` and `erasures.user_id`: the whole guild. No Discord id is 0. */
export const WHOLE_GUILD = '0';

/**
 * Keeps out events of the member from before now that come later; it reaches past the newest stored event, whose clock
 * may be ahead of ours. Call it under the exclusive lock of the guild's stripe: then what is stored is from before that
 * time, and what is stored later is not.
 *
 * @returns that time, ISO 8601 in UTC with microseconds
 */
export function layMemberTombstone(manager: EntityManager, guildId: string, userId: string): Promise<string> {
  return layTombstone(
    manager,
    `SELECT $1, $2, greatest(clock_timestamp(), max(occurred_at) + interval '1 millisecond'), clock_timestamp()
     FROM statistic_events WHERE guild_id = $1 AND user_id = $2`,
    [guildId, userId],
  );
}

/**
 * The same for everything of the guild. Only events that are younger can move the time, so no other partition is read.
 *
 * @param before instead of now
 */
export function layGuildTombstone(manager: EntityManager, guildId: string, before?: Date): Promise<string> {
  return layTombstone(
    manager,
    `SELECT $1, $2, greatest(coalesce($3::timestamptz, clock_timestamp()), max(occurred_at) + interval '1 millisecond'),
       clock_timestamp()
     FROM statistic_events WHERE guild_id = $1 AND occurred_at >= coalesce($3::timestamptz, now())`,
    [guildId, WHOLE_GUILD, before ?? null],
  );
}

/** Lays the same tombstone again, with the time that it had. @returns its time, or that of one which reaches further */
export function layTombstoneAgain(
  manager: EntityManager,
  { guildId, userId, before }: { guildId: string; userId: string; before: string },
): Promise<string> {
  return layTombstone(manager, 'SELECT $1, $2, $3::timestamptz, clock_timestamp()', [guildId, userId, before]);
}

async function layTombstone(manager: EntityManager, select: string, parameters: unknown[]): Promise<string> {
  const [row] = await manager.query<{ before: string }[]>(
    `INSERT INTO erasure_tombstones (guild_id, user_id, before, erased_at) ${select}
     ON CONFLICT (guild_id, user_id) DO UPDATE SET
       before = greatest(erasure_tombstones.before, excluded.before), erased_at = excluded.erased_at
     RETURNING to_char(before AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS before`,
    parameters,
  );
  return row!.before;
}
