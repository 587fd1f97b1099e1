import type { EntityManager } from 'typeorm';

/** It works there again, or the starboard has nothing to do there any more. */
export async function clearStarboardProblem(manager: EntityManager, guildId: string, channelId: string): Promise<void> {
  await manager.query('DELETE FROM starboard_problems WHERE guild_id = $1 AND channel_id = $2', [guildId, channelId]);
}
