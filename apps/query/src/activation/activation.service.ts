import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { requestRefresh } from '#libs/counters';
import { GuildSettings } from '#libs/database';
import { nextUpdate } from '#libs/settings';
import { catchUpWithStarboard } from '#libs/starboard';
import { updateCollectionPeriods } from '#libs/statistics';
import type { LogIds } from '#libs/observability';
import { GuildDatabase } from '../database/guild-database.js';
import { GuildEraser } from '../database/guild-eraser.js';
import { ModuleEnabledError } from '../http/api-error.js';
import { enabledOnly, findSettings, GuildSettingsReader } from '../settings/guild-settings.reader.js';
import type { ModuleStatus } from './dto/module-status.dto.js';

/** Switches the module on and off in a guild. */
@Injectable()
export class ActivationService {
  constructor(
    private readonly database: GuildDatabase,
    private readonly eraser: GuildEraser,
    private readonly settings: GuildSettingsReader,
  ) {}

  async status(guildId: string): Promise<ModuleStatus> {
    const settings = await this.settings.find(guildId);
    return { guild_id: guildId, enabled: settings?.enabled ?? false };
  }

  /**
   * Enables the module. A new guild gets settings with everything off. If an erasure of the guild is unfinished, it is
   * finished first.
   *
   * @throws ModuleEnabledError
   */
  enable(guildId: string, ids: LogIds): Promise<ModuleStatus> {
    return this.eraser.changeAfterErasure(guildId, ids, async (manager) => {
      const settings = await findSettings(manager, guildId);
      if (settings?.enabled) throw new ModuleEnabledError();
      const now = new Date();
      const changes = { enabled: true, enabledAt: now, updatedAt: nextUpdate(settings, now.getTime()) };
      if (settings === null) await insertDefaults(manager, guildId, changes);
      else {
        await manager.getRepository(GuildSettings).update({ guildId }, changes);
        const { starboardEnabled } = settings;
        await catchUpWithStarboard(manager, settings, { guildId, enabled: true, starboardEnabled });
      }
      await updateCollectionPeriods(manager, guildId);
      await requestRefresh(manager, guildId);
      return { guild_id: guildId, enabled: true };
    });
  }

  /** Once this resolves, nothing more is collected. Settings and statistics are kept. @throws ModuleDisabledError */
  disable(guildId: string): Promise<ModuleStatus> {
    return this.database.change(guildId, async (manager) => {
      const settings = enabledOnly(await findSettings(manager, guildId));
      await manager
        .getRepository(GuildSettings)
        .update({ guildId }, { enabled: false, updatedAt: nextUpdate(settings) });
      await updateCollectionPeriods(manager, guildId);
      return { guild_id: guildId, enabled: false };
    });
  }
}

function insertDefaults(
  manager: EntityManager,
  guildId: string,
  changes: Pick<GuildSettings, 'enabled' | 'enabledAt' | 'updatedAt'>,
): Promise<unknown> {
  return manager.getRepository(GuildSettings).insert({
    guildId,
    ...changes,
    switches: [],
    counterPanelEnabled: false,
    counterPanelCategoryChannel: null,
    starboardEnabled: false,
    starboardChannel: null,
    starboardCount: null,
  });
}
