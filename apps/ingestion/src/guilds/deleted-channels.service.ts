import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CounterPanel, GuildSettings, lockStripe } from '#libs/database';

/** `channel.deleted`: takes a channel that is gone out of the guild's settings. */
@Injectable()
export class DeletedChannelsService {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Clears the fields that name the channel. Without its category the counter panel is switched off, without its
   * channel the starboard is.
   *
   * @returns whether the settings named the channel
   */
  forget(guildId: string, channelId: string): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      await lockStripe(manager, guildId);
      const repository = manager.getRepository(GuildSettings);
      const settings = await repository.findOneBy({ guildId });
      if (settings === null) return false;
      const removed = await manager.getRepository(CounterPanel).delete({ guildId, channelId });
      const cleared = clearChannel(settings, channelId);
      if (!cleared && !removed.affected) return false;
      settings.updatedAt = laterThan(settings.updatedAt);
      await repository.save(settings);
      return true;
    });
  }
}

function clearChannel(settings: GuildSettings, channelId: string): boolean {
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

/** `updated_at` tells versions apart, so it never stands still. */
function laterThan(previous: Date): Date {
  return new Date(Math.max(Date.now(), previous.getTime() + 1));
}
