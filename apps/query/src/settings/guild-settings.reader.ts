import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { GuildSettings } from '#libs/database';
import { GuildDatabase } from '../database/guild-database.js';
import { ModuleDisabledError } from '../http/api-error.js';

/** The settings as they are now: nothing is cached, so that a change holds from the moment it was answered. */
@Injectable()
export class GuildSettingsReader {
  constructor(private readonly database: GuildDatabase) {}

  /** @returns null for a guild that was never enabled, or is erased */
  find(guildId: string): Promise<GuildSettings | null> {
    return this.database.readSettings((manager) => findSettings(manager, guildId));
  }

  /** @throws ModuleDisabledError */
  async requireEnabled(guildId: string): Promise<GuildSettings> {
    return enabledOnly(await this.find(guildId));
  }
}

export function findSettings(manager: EntityManager, guildId: string): Promise<GuildSettings | null> {
  return manager.getRepository(GuildSettings).findOneBy({ guildId });
}

/** @throws ModuleDisabledError */
export function enabledOnly(settings: GuildSettings | null): GuildSettings {
  if (settings === null || !settings.enabled) throw new ModuleDisabledError();
  return settings;
}

/** When a change of these settings happens, for `updated_at`: now, but always later than the change before. */
export function nextUpdate(settings: GuildSettings | null, now = Date.now()): Date {
  return new Date(settings === null ? now : Math.max(now, settings.updatedAt.getTime() + 1));
}
