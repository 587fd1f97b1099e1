import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Any, type EntityManager } from 'typeorm';
import { GuildSettings } from '#libs/database';
import { GuildDatabase } from '../database/guild-database.js';
import { ModuleDisabledError } from '../http/api-error.js';

/** Concurrent requests that share a statement. */
interface SettingsBatch {
  guildIds: Set<string>;
  read: Promise<ReadonlyMap<string, GuildSettings>>;
}

/**
 * Reads the current settings. Nothing is cached, so a change takes effect as soon as its request was answered. Requests
 * of the same turn of the event loop share a statement, which is sent after all of them. Under load, this saves most
 * statements, and a statement costs more than the rest of a small request.
 */
@Injectable()
export class GuildSettingsReader {
  private batch?: SettingsBatch;

  constructor(private readonly database: GuildDatabase) {}

  /** @returns null for a guild that was never enabled or was erased. Requests may share the returned object */
  async find(guildId: string): Promise<Readonly<GuildSettings> | null> {
    this.batch ??= this.startBatch();
    const { guildIds, read } = this.batch;
    guildIds.add(guildId);
    return (await read).get(guildId) ?? null;
  }

  /** @throws ModuleDisabledError */
  async requireEnabled(guildId: string): Promise<Readonly<GuildSettings>> {
    return enabledOnly(await this.find(guildId));
  }

  private startBatch(): SettingsBatch {
    const guildIds = new Set<string>();
    return { guildIds, read: nextTurn().then(() => this.readBatch(guildIds)) };
  }

  private async readBatch(guildIds: ReadonlySet<string>): Promise<ReadonlyMap<string, GuildSettings>> {
    this.batch = undefined;
    const found = await this.database.readSettings((manager) =>
      manager.getRepository(GuildSettings).findBy({ guildId: Any([...guildIds]) }),
    );
    return new Map(found.map((settings) => [settings.guildId, settings]));
  }
}

export function findSettings(manager: EntityManager, guildId: string): Promise<GuildSettings | null> {
  return manager.getRepository(GuildSettings).findOneBy({ guildId });
}

/** @throws ModuleDisabledError */
export function enabledOnly<Settings extends Readonly<GuildSettings>>(settings: Settings | null): Settings {
  if (settings === null || !settings.enabled) throw new ModuleDisabledError();
  return settings;
}
