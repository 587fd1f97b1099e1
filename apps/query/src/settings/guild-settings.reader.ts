import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Any, type EntityManager } from 'typeorm';
import { GuildSettings } from '#libs/database';
import { GuildDatabase } from '../database/guild-database.js';
import { ModuleDisabledError } from '../http/api-error.js';

/** Requests that came together, whose settings are read together. */
interface Gathering {
  guildIds: Set<string>;
  read: Promise<ReadonlyMap<string, GuildSettings>>;
}

/**
 * The settings as they are now: nothing is cached, so that a change holds from the moment it was answered. Requests of
 * one turn of the event loop share a statement, which is sent after all of them have come: under load that spares most
 * of the statements, each of which costs more than the rest of a small request.
 */
@Injectable()
export class GuildSettingsReader {
  private gathering?: Gathering;

  constructor(private readonly database: GuildDatabase) {}

  /** @returns null for a guild that was never enabled, or is erased; others may get the same object */
  async find(guildId: string): Promise<Readonly<GuildSettings> | null> {
    this.gathering ??= this.gather();
    const { guildIds, read } = this.gathering;
    guildIds.add(guildId);
    return (await read).get(guildId) ?? null;
  }

  /** @throws ModuleDisabledError */
  async requireEnabled(guildId: string): Promise<Readonly<GuildSettings>> {
    return enabledOnly(await this.find(guildId));
  }

  private gather(): Gathering {
    const guildIds = new Set<string>();
    return { guildIds, read: nextTurn().then(() => this.readGathered(guildIds)) };
  }

  private async readGathered(guildIds: ReadonlySet<string>): Promise<ReadonlyMap<string, GuildSettings>> {
    this.gathering = undefined;
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
