import type { EntityManager } from 'typeorm';

/**
 * Deletes the starboard entries of the member's messages, also those that others have forwarded, and leaves as work what deletes their posts in Discord: by
 * the post where it is known, else by the message, whose post may be on its way just now.
 * Call it under the exclusive lock of the guild's stripe.
 *
 * @returns how many entries there were
 */
export async function eraseMemberEntries(manager: EntityManager, guildId: string, userId: string): Promise<number> {
  const [{ count }] = await manager.query<[{ count: number }]>(
    `WITH erased AS (
       DELETE FROM starboard_entries WHERE guild_id = $1 AND (author_id = $2 OR origin_author_id = $2)
       RETURNING guild_id, message_id, state, entry_channel_id, entry_message_id, reserved_at
     ),
     tasks AS (
       INSERT INTO starboard_tasks (guild_id, message_id, task, channel_id, created_at, posted_after, due_at)
       SELECT guild_id, coalesce(entry_message_id, message_id),
         CASE WHEN entry_message_id IS NULL THEN 'seek' ELSE 'remove' END,
         entry_channel_id, $3, reserved_at, $3
       FROM erased WHERE state <> 'withdrawn'
       ON CONFLICT (guild_id, message_id, task) DO UPDATE SET due_at = excluded.due_at
     )
     SELECT count(*)::int AS count FROM erased`,
    [guildId, userId, new Date()],
  );
  return count;
}

/** Drops entries, unfinished work and known problems of the guild; posts stay where they are. */
export async function dropGuildStarboard(manager: EntityManager, guildId: string): Promise<void> {
  for (const table of ['starboard_entries', 'starboard_tasks', 'starboard_problems']) {
    await manager.query(`DELETE FROM ${table} WHERE guild_id = $1`, [guildId]);
  }
}
