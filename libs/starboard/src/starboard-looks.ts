import type { EntityManager } from 'typeorm';
import { databaseNow } from '#libs/database';

export interface StarredMessage {
  guildId: string;
  channelId: string;
  messageId: string;
}

/** The minimum time between two looks at the same message. */
export const MIN_LOOK_INTERVAL_MS = 2_000;

/**
 * Requests a look at each message whose guild has a starboard. Looks that are already requested keep their time.
 * Call this under the lock of the guilds' stripes, shared or exclusive.
 *
 * @param messages without duplicates
 * @returns the messages with a requested look
 */
export async function requestStarboardLooks(
  manager: EntityManager,
  messages: readonly StarredMessage[],
): Promise<Pick<StarredMessage, 'guildId' | 'messageId'>[]> {
  return manager.query(
    `WITH starred AS MATERIALIZED (
       SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS starred (guild_id, channel_id, message_id)
     )
     INSERT INTO starboard_tasks AS known (guild_id, message_id, task, channel_id, created_at, due_at)
     SELECT s.guild_id, starred.message_id, 'follow', starred.channel_id, $4, $4
     FROM starred JOIN guild_settings s ON s.guild_id = starred.guild_id
     WHERE s.enabled AND s.starboard_enabled AND (
       s.starboard_channel <> starred.channel_id
       -- A message that already had an entry when its channel became the starboard.
       OR s.starboard_channel = starred.channel_id AND EXISTS (
         SELECT FROM starboard_entries e
         WHERE e.guild_id = s.guild_id AND e.message_id = starred.message_id AND e.state <> 'withdrawn'))
     ORDER BY 1, 2
     ON CONFLICT (guild_id, message_id, task) DO UPDATE SET
       channel_id = excluded.channel_id,
       requests = known.requests + 1,
       due_at = CASE WHEN known.due_at IS NOT NULL THEN known.due_at
         ELSE greatest(excluded.due_at, known.last_run_at + make_interval(secs => $5)) END
     RETURNING guild_id AS "guildId", message_id AS "messageId"`,
    [
      messages.map(({ guildId }) => guildId),
      messages.map(({ channelId }) => channelId),
      messages.map(({ messageId }) => messageId),
      new Date(await databaseNow(manager)),
      MIN_LOOK_INTERVAL_MS / 1_000,
    ],
  );
}
