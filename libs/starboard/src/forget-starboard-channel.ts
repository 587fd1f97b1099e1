import { Not, type EntityManager } from 'typeorm';
import { StarboardEntry, type StarboardEntryState } from '#libs/database';
import { requestStarboardLooks } from './starboard-looks.js';
import { clearStarboardProblem } from './starboard-problems.js';

/**
 * A channel is gone. The posts in it went with it, and so do their entries; what somebody has deleted stays so. The
 * messages in it went without further events, so a look at each that has an entry is asked for.
 * Call it under the exclusive lock of the guild's stripe.
 *
 * @returns whether there were entries of the one or the other kind
 */
export async function forgetStarboardChannel(
  manager: EntityManager,
  guildId: string,
  channelId: string,
): Promise<boolean> {
  const entries = manager.getRepository(StarboardEntry);
  const state = Not<StarboardEntryState>('withdrawn');
  const dropped = await entries.delete({ guildId, entryChannelId: channelId, state });
  await clearStarboardProblem(manager, guildId, channelId);
  const starred = await entries.findBy({ guildId, channelId, state });
  await requestStarboardLooks(manager, starred);
  return !!dropped.affected || starred.length > 0;
}

/** Without its channel the starboard is off. @returns whether the channel was that of the starboard */
export function leaveStarboardChannel(
  settings: { starboardChannel: string | null; starboardEnabled: boolean },
  channelId: string,
): boolean {
  if (settings.starboardChannel !== channelId) return false;
  settings.starboardChannel = null;
  settings.starboardEnabled = false;
  return true;
}
