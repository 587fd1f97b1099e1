import type { DataSource, EntityManager } from 'typeorm';
import { dropCreationsOf, forgetCategory } from '#libs/counters';
import { Counter, CounterPanelChannel, GuildSettings, lockStripe } from '#libs/database';
import { forgetStarboardChannel, leaveStarboardChannel } from '#libs/starboard';
import { updateCollectionPeriods } from '#libs/statistics';
import { nextUpdate } from './settings-update.js';

/** {@link forgetChannel} in its own transaction, under the lock of the guild's stripe. */
export function forgetDeletedChannel(dataSource: DataSource, guildId: string, channelId: string): Promise<boolean> {
  return dataSource.transaction(async (manager) => {
    await lockStripe(manager, guildId);
    return forgetChannel(manager, guildId, channelId);
  });
}

/**
 * Removes a deleted channel from the guild's settings, counters and starboard. Starboard entries whose posts were in
 * the channel are deleted; entries of messages in the channel are checked again. If the channel was the category of the
 * counter panels or the starboard channel, the feature is switched off.
 *
 * Call it under the exclusive lock of the guild's stripe.
 *
 * @returns whether settings, counters or starboard used the channel
 */
export async function forgetChannel(manager: EntityManager, guildId: string, channelId: string): Promise<boolean> {
  await manager.getRepository(CounterPanelChannel).delete({ guildId, channelId });
  await dropCreationsOf(manager, guildId, [channelId]);
  const hadEntries = await forgetStarboardChannel(manager, guildId, channelId);
  const repository = manager.getRepository(GuildSettings);
  const settings = await repository.findOneBy({ guildId });
  if (settings === null) return hadEntries;
  const counters = await manager.getRepository(Counter).delete({ guildId, channelId });
  const wasCategory = forgetCategory(settings, channelId);
  const wasStarboard = leaveStarboardChannel(settings, channelId);
  if (!counters.affected && !wasCategory && !wasStarboard) return hadEntries;
  settings.updatedAt = nextUpdate(settings);
  await repository.save(settings);
  await updateCollectionPeriods(manager, guildId);
  return true;
}
