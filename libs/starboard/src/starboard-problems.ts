import type { EntityManager } from 'typeorm';
import { StarboardProblem as ChannelProblem } from '#libs/database';

/** Why the starboard of a guild does not work in one channel, or for one message in it. */
export interface StarboardProblem {
  channelId: string;
  /** One sentence for people. */
  problem: string;
  since: Date;
  /** The last occurrence. */
  seenAt: Date;
  /** The next attempt. */
  retryAt: Date;
}

/** The maximum number of problems with single messages that are returned; there may be many more. */
const MAX_REFUSALS = 5;

/** The problems of the guild, the oldest first. */
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
    [guildId, MAX_REFUSALS],
  );
}

/** The starboard has nothing to do in the channel any more. */
export async function clearStarboardProblem(manager: EntityManager, guildId: string, channelId: string): Promise<void> {
  await manager.getRepository(ChannelProblem).delete({ guildId, channelId });
}
