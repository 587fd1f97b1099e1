import { Not, type EntityManager } from 'typeorm';
import { StarboardEntry, type StarboardEntryState } from '#libs/database';
import { requestStarboardLooks } from './starboard-looks.js';
import { clearStarboardProblem } from './starboard-problems.js';

/**
 * Handles a deleted channel. Entries with a post in the channel are deleted, except withdrawn ones. Discord sends no
 * events for the messages in the channel, so a look is requested at each message with an entry.
 * Call this under the exclusive lock of the guild's stripe.
 *
 * @returns whether there were any such entries
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

/** Switches the starboard off if the channel was its channel. @returns whether it was */
export function leaveStarboardChannel(
  settings: { starboardChannel: string | null; starboardEnabled: boolean },
  channelId: string,
): boolean {
  if (settings.starboardChannel !== channelId) return false;
  settings.starboardChannel = null;
  settings.starboardEnabled = false;
  return true;
}
