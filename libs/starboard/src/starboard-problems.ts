import type { EntityManager } from 'typeorm';
import { StarboardProblem as ChannelProblem } from '#libs/database';

/** What keeps the starboard of a guild from working in one channel, or with one message of it. */
export interface StarboardProblem {
  channelId: string;
  /** One sentence for people. */
  problem: string;
  since: Date;
  /** Met last. */
  seenAt: Date;
  /** Until then the channel, or the message, is left alone. */
  retryAt: Date;
}

/** Messages of a guild that are told of; there may be many more. */
const MOST_REFUSALS = 5;

/** Those of the guild, the oldest first. */
export async function findStarboardProblems(manager: EntityManager, guildId: string): Promise<StarboardProblem[]> {
  return manager.query(
    `SELECT channel_id AS "channelId", problem, since, seen_at AS "seenAt", retry_at AS "retryAt"
     FROM starboard_problems WHERE guild_id = $1
     UNION ALL (
       SELECT channel_id, refusal, failing_since, last_run_at, due_at
       FROM starboard_tasks WHERE guild_id = $1 AND refusal IS NOT NULL AND due_at IS NOT NULL
       ORDER BY failing_since, message_id LIMIT $2
     )
     ORDER BY since, "channelId", problem`,
    [guildId, MOST_REFUSALS],
  );
}

/** The starboard has nothing to do in the channel any more. */
export async function clearStarboardProblem(manager: EntityManager, guildId: string, channelId: string): Promise<void> {
  await manager.getRepository(ChannelProblem).delete({ guildId, channelId });
}
