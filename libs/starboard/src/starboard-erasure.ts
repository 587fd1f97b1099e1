import type { EntityManager } from 'typeorm';
import { databaseNow } from '#libs/database';

/**
 * Deletes the starboard entries of the member's messages, also those that others have forwarded, and leaves as work
 * what deletes their posts in Discord.
 * Call it under the exclusive lock of the guild's stripe.
 *
 * @param beforeMessage only messages that are older than one with this id
 * @returns how many entries there were
 */
export async function eraseMemberEntries(
  manager: EntityManager,
  guildId: string,
  userId: string,
  beforeMessage?: string,
): Promise<number> {
  // When the original of a forward was written is not known: it goes whenever that was.
  const where = `guild_id = $1
    AND (origin_author_id = $3 OR (author_id = $3 AND ($4::bigint IS NULL OR message_id < $4)))`;
  return eraseEntries(manager, where, [guildId, new Date(await databaseNow(manager)), userId, beforeMessage ?? null]);
}

/**
 * Leaves as work what takes the member's name out of posts about what others answered: of those that name the member,
 * and of those of which nobody knows whom they name.
 * Call it under the exclusive lock of the guild's stripe, once the member's tombstone is laid, which the work looks for.
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
 * Deletes the entries of the guild, and leaves as work what deletes their posts in Discord, beside the removals that
 * are left from before.
 * Call it under the exclusive lock of the guild's stripe.
 */
export async function eraseGuildEntries(manager: EntityManager, guildId: string): Promise<void> {
  await eraseEntries(manager, 'guild_id = $1', [guildId, new Date(await databaseNow(manager))]);
}

/** Deletes the looks at messages that were asked for; posts of erased entries are still to be removed. */
export async function eraseGuildLooks(manager: EntityManager, guildId: string): Promise<void> {
  await manager.query(`DELETE FROM starboard_tasks WHERE guild_id = $1 AND task = 'follow'`, [guildId]);
}

/**
 * The work finds a post by its id where that is known, else by the message, whose post may be on its way just now.
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
