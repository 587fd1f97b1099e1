import type { EntityManager } from 'typeorm';
import { DIMENSIONS } from '#libs/contracts';
import { CounterPanel } from './entities/counter-panel.entity.js';
import { GuildSettings } from './entities/guild-settings.entity.js';
import { SPANS } from './rollups/quarters.js';
import { dropGuildStarboard, eraseMemberEntries } from './starboard/starboard-erasure.js';

/** In `erasure_tombstones.user_id`: the whole guild. No Discord id is 0. */
export const WHOLE_GUILD = '0';

/** What is stored of a guild and is no entity. */
const GUILD_TABLES = [
  'statistic_events',
  'statistic_rollup_pending',
  'statistic_totals',
  'statistic_groups',
  'guild_snapshots',
  'collection_periods',
] as const;

/** How many rows name a member: events by the number of their kind, and starboard entries of the member's messages. */
export interface MemberReferences {
  eventsByKind: Map<number, number>;
  starboardEntries: number;
}

/** Counts what names the member, in one snapshot. */
export async function countMemberReferences(
  manager: EntityManager,
  guildId: string,
  userId: string,
): Promise<MemberReferences> {
  const rows = await manager.query<{ kind: number | null; count: string }[]>(
    `SELECT kind, count(*) FROM statistic_events WHERE guild_id = $1 AND user_id = $2 GROUP BY kind
     UNION ALL
     SELECT NULL, count(*) FROM starboard_entries WHERE guild_id = $1 AND author_id = $2`,
    [guildId, userId],
  );
  return {
    eventsByKind: new Map(rows.filter((row) => row.kind !== null).map((row) => [row.kind!, Number(row.count)])),
    starboardEntries: Number(rows.find((row) => row.kind === null)?.count ?? 0),
  };
}

/**
 * Takes the member out of everything that is stored of the guild. Events keep counting, but bear no user, no message
 * and no id that was derived from one. A tombstone keeps out events of the member from before now that come later; it
 * reaches past the newest erased event, whose clock may be ahead of ours.
 *
 * Call it under the exclusive lock of the guild's stripe.
 *
 * @returns what was erased
 */
export async function eraseMember(manager: EntityManager, guildId: string, userId: string): Promise<MemberReferences> {
  const references = await countMemberReferences(manager, guildId, userId);
  await manager.query(
    `INSERT INTO erasure_tombstones (guild_id, user_id, before, erased_at)
     SELECT $1, $2, greatest(clock_timestamp(), max(occurred_at) + interval '1 millisecond'), clock_timestamp()
     FROM statistic_events WHERE guild_id = $1 AND user_id = $2
     ON CONFLICT (guild_id, user_id) DO UPDATE SET
       before = greatest(erasure_tombstones.before, excluded.before), erased_at = excluded.erased_at`,
    [guildId, userId],
  );
  await manager.query(
    `INSERT INTO statistic_rollup_pending (guild_id, kind, bucket)
     SELECT DISTINCT $1::bigint, kind, date_bin('15 minutes', occurred_at, 'epoch') FROM statistic_events
     WHERE guild_id = $1 AND user_id = $2
     ORDER BY 1, 2, 3
     ON CONFLICT DO NOTHING`,
    [guildId, userId],
  );
  // Groups name the member until they are computed anew from the marks.
  await manager.query(
    `DELETE FROM statistic_groups g
     USING (
       SELECT kind, $4::smallint AS span, date_bin('15 minutes', occurred_at, 'epoch') AS bucket FROM statistic_events
       WHERE guild_id = $1 AND user_id = $2
       UNION
       SELECT kind, $5::smallint, date_trunc('day', occurred_at, 'UTC') FROM statistic_events
       WHERE guild_id = $1 AND user_id = $2
     ) touched
     WHERE g.guild_id = $1 AND g.dimension = $3
       AND g.kind = touched.kind AND g.span = touched.span AND g.bucket = touched.bucket`,
    [guildId, userId, DIMENSIONS.user.number, SPANS.quarter, SPANS.day],
  );
  // The new ids are drawn beside the UPDATE and not in it: a sharded table takes no volatile function there.
  await manager.query(
    `WITH erased AS MATERIALIZED (
       SELECT kind, occurred_at, event_id, gen_random_uuid() AS new_id FROM statistic_events
       WHERE guild_id = $1 AND user_id = $2
     )
     UPDATE statistic_events e SET user_id = NULL, message_id = NULL, event_id = erased.new_id
     FROM erased
     WHERE e.guild_id = $1 AND e.kind = erased.kind AND e.occurred_at = erased.occurred_at
       AND e.event_id = erased.event_id`,
    [guildId, userId],
  );
  await eraseMemberEntries(manager, guildId, userId);
  return references;
}

/**
 * Erases all that is stored of the guild, and leaves a tombstone that keeps out its events from before that time, and
 * those that were erased.
 * Call it under the exclusive lock of the guild's stripe.
 */
export async function eraseGuild(manager: EntityManager, guildId: string, before: Date): Promise<void> {
  await manager.query(
    `INSERT INTO erasure_tombstones (guild_id, user_id, before, erased_at)
     SELECT $1, $2, greatest($3, max(occurred_at) + interval '1 millisecond'), clock_timestamp()
     FROM statistic_events WHERE guild_id = $1
     ON CONFLICT (guild_id, user_id) DO UPDATE SET
       before = greatest(erasure_tombstones.before, excluded.before), erased_at = excluded.erased_at`,
    [guildId, WHOLE_GUILD, before],
  );
  for (const entity of [GuildSettings, CounterPanel]) {
    await manager.getRepository<{ guildId: string }>(entity).delete({ guildId });
  }
  await dropGuildStarboard(manager, guildId);
  for (const table of GUILD_TABLES) await manager.query(`DELETE FROM ${table} WHERE guild_id = $1`, [guildId]);
}
