import type { EntityManager } from 'typeorm';
import type { MemberReferences } from './member-references.js';
import { WHOLE_GUILD } from './tombstones.js';

/** Who is erased: a member of a guild, or (user {@link WHOLE_GUILD}) the guild itself. */
export interface ErasureTarget {
  guildId: string;
  userId: string;
}

/**
 * How far the rows of a guild are erased: those of the tables and partitions before this one, and of this one up to a
 * key.
 */
export interface GuildPosition {
  /** Its place among the tables. */
  table: number;
  partition: string;
  /** Columns of the key, as Postgres writes them: what is before is deleted. */
  reached?: readonly string[];
}

/**
 * The position of a member of whom nothing is erased yet, not even what there is little of. It is no time: an instance of
 * a version that begins with the events fails on it, and so leaves the job to one that knows better.
 */
export const NOTHING_ERASED = 'nothing';

/** A time, as Postgres writes it, in a member's events, or {@link NOTHING_ERASED}; a key in a guild's rows. */
export type ErasurePosition = string | GuildPosition;

/** An erasure that is too large for one transaction. Its row is there from its first step to its last. */
export interface ErasureJob extends ErasureTarget {
  /** Rows from before this time are erased; that of the tombstone. */
  before: string;
  /** What was erased so far; of a whole guild nothing is counted. */
  erased: MemberReferences;
  /**
   * Where the next step goes on; none where it begins, with events. Nothing comes in before it: the tombstone keeps it
   * out.
   */
  position?: ErasurePosition;
}

/** The jobs that are unfinished, those that wait longest first. */
export async function listErasureJobs(manager: EntityManager): Promise<ErasureTarget[]> {
  const rows = await manager.query<{ guild_id: string; user_id: string }[]>(
    `SELECT guild_id, user_id FROM erasures ORDER BY begun_at, guild_id, user_id`,
  );
  return rows.map((row) => ({ guildId: row.guild_id, userId: row.user_id }));
}

/** Whether there may still be rows of the guild from before its erasure. */
export async function isGuildErasureUnfinished(manager: EntityManager, guildId: string): Promise<boolean> {
  return (await findErasureJob(manager, { guildId, userId: WHOLE_GUILD })) !== undefined;
}

interface ErasureRow {
  before: string;
  events_by_kind: Record<string, number>;
  starboard_entries: number;
  position: ErasurePosition | null;
}

export async function findErasureJob(
  manager: EntityManager,
  { guildId, userId }: ErasureTarget,
): Promise<ErasureJob | undefined> {
  const [row] = await manager.query<ErasureRow[]>(
    `SELECT before::text, events_by_kind, starboard_entries, position FROM erasures WHERE guild_id = $1 AND user_id = $2`,
    [guildId, userId],
  );
  if (row === undefined) return undefined;
  const eventsByKind = new Map(Object.entries(row.events_by_kind).map(([kind, count]) => [Number(kind), count]));
  return {
    guildId,
    userId,
    before: row.before,
    erased: { eventsByKind, starboardEntries: row.starboard_entries },
    ...(row.position !== null && { position: row.position }),
  };
}

export async function saveErasureJob(
  manager: EntityManager,
  { guildId, userId, before, erased, position }: ErasureJob,
): Promise<void> {
  await manager.query(
    `INSERT INTO erasures (guild_id, user_id, before, begun_at, events_by_kind, starboard_entries, position)
     VALUES ($1, $2, $3, clock_timestamp(), $4, $5, $6)
     ON CONFLICT (guild_id, user_id) DO UPDATE SET
       before = excluded.before,
       events_by_kind = excluded.events_by_kind,
       starboard_entries = excluded.starboard_entries,
       position = excluded.position`,
    [
      guildId,
      userId,
      before,
      JSON.stringify(Object.fromEntries(erased.eventsByKind)),
      erased.starboardEntries,
      position === undefined ? null : JSON.stringify(position),
    ],
  );
}

/**
 * Saves jobs of a member of which nothing is erased yet; where there is one already it begins anew, up to the new time,
 * and keeps what it erased.
 *
 * @param befores by guild
 */
export async function saveNewErasureJobs(
  manager: EntityManager,
  userId: string,
  befores: ReadonlyMap<string, string>,
): Promise<void> {
  await manager.query(
    `INSERT INTO erasures (guild_id, user_id, before, begun_at, events_by_kind, starboard_entries, position)
     SELECT guild_id, $2, before, clock_timestamp(), '{}', 0, $4
     FROM unnest($1::bigint[], $3::timestamptz[]) AS erased(guild_id, before)
     ON CONFLICT (guild_id, user_id) DO UPDATE SET before = excluded.before, position = excluded.position`,
    [[...befores.keys()], userId, [...befores.values()], JSON.stringify(NOTHING_ERASED)],
  );
}

export async function removeErasureJob(manager: EntityManager, { guildId, userId }: ErasureTarget): Promise<void> {
  await manager.query(`DELETE FROM erasures WHERE guild_id = $1 AND user_id = $2`, [guildId, userId]);
}
