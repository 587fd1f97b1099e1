import type { EntityManager } from 'typeorm';
import { StarboardProblem } from '#libs/database';

/** Those of the guild, the oldest first. */
export function findStarboardProblems(manager: EntityManager, guildId: string): Promise<StarboardProblem[]> {
  return manager
    .getRepository(StarboardProblem)
    .find({ where: { guildId }, order: { since: 'ASC', channelId: 'ASC' } });
}

/** The starboard has nothing to do in the channel any more. */
export async function clearStarboardProblem(manager: EntityManager, guildId: string, channelId: string): Promise<void> {
  await manager.getRepository(StarboardProblem).delete({ guildId, channelId });
}
