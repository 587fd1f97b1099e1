import type { EntityManager } from 'typeorm';
import { followSettings } from '#libs/statistics';
import { dropCreationsOf } from '#libs/counters';
import { CounterPanel, CounterPanelChannel, GuildSettings } from '#libs/database';
import { nextUpdate } from './settings-update.js';
import { forgetStarboardChannel } from '#libs/starboard';

/**
 * Takes a channel that is gone out of the guild's settings and starboard. Without its category the counter panel is
 * switched off, without its channel the starboard is.
 *
 * Call it under the exclusive lock of the guild's stripe.
 *
 * @returns whether settings or starboard had to do with the channel
 */
export async function forgetChannel(manager: EntityManager, guildId: string, channelId: string): Promise<boolean> {
  await manager.getRepository(CounterPanelChannel).delete({ guildId, channelId });
  await dropCreationsOf(manager, guildId, [channelId]);
  const hadEntries = await forgetStarboardChannel(manager, guildId, channelId);
  const repository = manager.getRepository(GuildSettings);
  const settings = await repository.findOneBy({ guildId });
  if (settings === null) return hadEntries;
  const removed = await manager.getRepository(CounterPanel).delete({ guildId, channelId });
  const cleared = clearChannel(settings, channelId);
  if (!cleared && !removed.affected) return hadEntries;
  settings.updatedAt = nextUpdate(settings);
  await repository.save(settings);
  await followSettings(manager, guildId);
  return true;
}

/** Without storing it. @returns whether the settings named the channel */
export function clearChannel(settings: GuildSettings, channelId: string): boolean {
  let cleared = false;
  if (settings.counterPanelCategoryChannel === channelId) {
    settings.counterPanelCategoryChannel = null;
    settings.counterPanelEnabled = false;
    cleared = true;
  }
  if (settings.starboardChannel === channelId) {
    settings.starboardChannel = null;
    settings.starboardEnabled = false;
    cleared = true;
  }
  for (const panel of [
    'counterPanelMemberCountChannel',
    'counterPanelOnlineMemberCountChannel',
    'counterPanelServerBoostNumberChannel',
  ] as const) {
    if (settings[panel] !== channelId) continue;
    settings[panel] = null;
    cleared = true;
  }
  return cleared;
}
