import type { EntityManager } from 'typeorm';

/** What keeps the starboard of a guild from working in one channel. */
export interface StarboardProblem {
  channelId: string;
  /** One sentence for people. */
  problem: string;
  since: Date;
  /** Met last. */
  seenAt: Date;
  /** Until then the channel is left alone. */
  retryAt: Date;
}

/** Those of the guild, the oldest first. */
export async function findStarboardProblems(manager: EntityManager, guildId: string): Promise<StarboardProblem[]> {
  return manager.query(
    `SELECT channel_id AS "channelId", problem, since, seen_at AS "seenAt", retry_at AS "retryAt"
     FROM starboard_problems WHERE guild_id = $1 ORDER BY since, channel_id`,
    [guildId],
  );
}

/** The starboard has nothing to do in the channel any more. */
export async function clearStarboardProblem(manager: EntityManager, guildId: string, channelId: string): Promise<void> {
  await manager.query('DELETE FROM starboard_problems WHERE guild_id = $1 AND channel_id = $2', [guildId, channelId]);
}
