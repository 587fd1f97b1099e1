import type { EntityManager } from 'typeorm';
import { databaseNow } from '#libs/database';

/**
 * Deletes the starboard entries of the member's messages, also of those that others have forwarded, and adds tasks that
 * delete their posts in Discord.
 * Call this under the exclusive lock of the guild's stripe.
 *
 * @param beforeMessage only messages that are older than one with this id
 * @returns the number of deleted entries
 */
export async function eraseMemberEntries(
  manager: EntityManager,
  guildId: string,
  userId: string,
  beforeMessage?: string,
): Promise<number> {
  // The time of a forwarded original is not known, so forwards are deleted whatever their age.
  const where = `guild_id = $1
    AND (origin_author_id = $3 OR (author_id = $3 AND ($4::bigint IS NULL OR message_id < $4)))`;
  return eraseEntries(manager, where, [guildId, new Date(await databaseNow(manager)), userId, beforeMessage ?? null]);
}

/**
 * Adds tasks that remove the member's name from posts about replies to the member: from those that name the member, and
 * from those of which the named member is unknown.
 * Call this under the exclusive lock of the guild's stripe, after writing the member's tombstone, which the tasks read.
 */
export async function eraseReplyAuthor(manager: EntityManager, guildId: string, userId: string): Promise<void> {
  await manager.query(
    `WITH naming AS (
       UPDATE starboard_entries SET reply_author_id = NULL
       WHERE guild_id = $1 AND (reply_author_id = $2 OR (reply_author_id IS NULL AND state = 'posted'))
       RETURNING guild_id, state, entry_channel_id, entry_message_id
     )
     INSERT INTO starboard_tasks AS known (guild_id, message_id, task, channel_id, created_at, due_at)
     SELECT guild_id, entry_message_id, 'unname', entry_channel_id, $3, $3
     FROM naming WHERE state <> 'withdrawn' AND entry_message_id IS NOT NULL
     ON CONFLICT (guild_id, message_id, task) DO UPDATE SET requests = known.requests + 1, due_at = excluded.due_at`,
    [guildId, userId, new Date(await databaseNow(manager))],
  );
}

/**
 * Deletes the guild's entries, and adds tasks that delete their posts in Discord. Existing removal tasks are kept.
 * Call this under the exclusive lock of the guild's stripe.
 */
export async function eraseGuildEntries(manager: EntityManager, guildId: string): Promise<void> {
  await eraseEntries(manager, 'guild_id = $1', [guildId, new Date(await databaseNow(manager))]);
}

/** Deletes requested looks. Tasks that remove posts are kept. */
export async function eraseGuildLooks(manager: EntityManager, guildId: string): Promise<void> {
  await manager.query(`DELETE FROM starboard_tasks WHERE guild_id = $1 AND task = 'follow'`, [guildId]);
}

/**
 * The tasks find a post by its id if it is known, otherwise by the starred message, whose post may just be in transit.
 *
 * @param parameters $2 is now
 */
async function eraseEntries(manager: EntityManager, where: string, parameters: unknown[]): Promise<number> {
  const [{ count }] = await manager.query<[{ count: number }]>(
    `WITH erased AS (
       DELETE FROM starboard_entries WHERE ${where}
       RETURNING guild_id, message_id, state, entry_channel_id, entry_message_id, reserved_at
     ),
     tasks AS (
       INSERT INTO starboard_tasks (guild_id, message_id, task, channel_id, created_at, posted_after, due_at)
       SELECT guild_id, coalesce(entry_message_id, message_id),
         CASE WHEN entry_message_id IS NULL THEN 'seek' ELSE 'remove' END,
         entry_channel_id, $2, reserved_at, $2
       FROM erased WHERE state <> 'withdrawn'
       ON CONFLICT (guild_id, message_id, task) DO UPDATE SET due_at = excluded.due_at
     )
     SELECT count(*)::int AS count FROM erased`,
    parameters,
  );
  return count;
}
