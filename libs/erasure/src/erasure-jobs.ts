import type { EntityManager } from 'typeorm';
import type { MemberReferences } from './member-references.js';
import { WHOLE_GUILD } from './tombstones.js';

/** What is erased: a member of a guild, or (user {@link WHOLE_GUILD}) the whole guild. */
export interface ErasureTarget {
  guildId: string;
  userId: string;
}

/**
 * How far the rows of a guild are erased: all earlier tables and partitions, and this partition up to a key.
 */
export interface GuildPosition {
  /** Index into the tables that are erased in steps. */
  table: number;
  partition: string;
  /** Key columns in Postgres's text format. Rows before this key are deleted. */
  reached?: readonly string[];
}

/**
 * The position of a member's job whose tombstone is written but which has erased nothing. It is not a time, so
 * instances of versions that would continue with events fail, and leave the job to this version.
 */
export const NOTHING_ERASED = 'nothing';

/** Of a member: a time in Postgres's text format, or {@link NOTHING_ERASED}. Of a guild: a key. */
export type ErasurePosition = string | GuildPosition;

/** An erasure that is too large for one transaction. Its row exists from the first step to the last. */
export interface ErasureJob extends ErasureTarget {
  /** The time of the tombstone: rows from before are erased. */
  before: string;
  /** What was erased so far. Not counted for a whole guild. */
  erased: MemberReferences;
  /**
   * Where the next step continues. Undefined: at the first event. The tombstone keeps out new events before it.
   */
  position?: ErasurePosition;
}

/** All unfinished jobs, the oldest first. */
export async function listErasureJobs(manager: EntityManager): Promise<ErasureTarget[]> {
  const rows = await manager.query<{ guild_id: string; user_id: string }[]>(
    `SELECT guild_id, user_id FROM erasures ORDER BY begun_at, guild_id, user_id`,
  );
  return rows.map((row) => ({ guildId: row.guild_id, userId: row.user_id }));
}

/** Whether rows of the guild from before its erasure may still exist. */
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
 * Saves new jobs of a member. An existing job restarts, up to the new time, and keeps its count of erased rows.
 *
 * @param befores the tombstone's time, by guild
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
