import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { QueryConfig } from '#libs/config';
import { SWITCH_NAMES } from '#libs/contracts';
import { CounterPanel, followSettings, GuildSettings } from '#libs/database';
import { GuildDatabase } from '../database/guild-database.js';
import { GuildEraser } from '../database/guild-eraser.js';
import { BadRequestError, DiscordApiInteractionError } from '../http/api-error.js';
import { QUERY_CONFIG } from '../tokens.js';
import { MAX_PANELS } from './custom-panels.js';
import { enabledOnly, findSettings, nextUpdate } from './guild-settings.reader.js';
import { settingsAnswer, settingsValues, type SettingsAnswer } from './settings-answer.js';
import { COLUMN_FIELDS, COLUMN_FIELD_NAMES } from './settings-fields.js';
import { checkRules } from './settings-rules.js';
import type { SettingsChange } from './settings.forms.js';

/** Reads, changes and erases what is set in a guild. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly database: GuildDatabase,
    private readonly eraser: GuildEraser,
    @Inject(QUERY_CONFIG) private readonly config: QueryConfig,
  ) {}

  /** @throws ModuleDisabledError */
  get(guildId: string): Promise<SettingsAnswer> {
    return this.database.readSettings((manager) => readSettings(manager, guildId));
  }

  /** A change that names every setting: its rules are a matter of its form, and come before the guild's state. */
  async replace(change: SettingsChange): Promise<SettingsAnswer> {
    checkRules(change);
    return this.change(change);
  }

  /**
   * @throws ModuleDisabledError
   * @throws BadRequestError for a change that was made from older settings, or does not fit those of now
   */
  change(change: SettingsChange): Promise<SettingsAnswer> {
    const guildId = change.guild_id;
    return this.database.change(guildId, async (manager) => {
      const settings = enabledOnly(await findSettings(manager, guildId));
      refuseLostUpdate(settings, change);
      const changed = applyChange(settings, change);
      checkRules(settingsValues(changed));
      this.changePanels(await findPanels(manager, guildId), change);
      const { guildId: _, ...columns } = changed; // the key of a sharded table is never updated
      await manager.getRepository(GuildSettings).update({ guildId }, columns);
      await followSettings(manager, guildId);
      return readSettings(manager, guildId);
    });
  }

  /** Erases everything that is stored of the guild; what happened there before is not stored any more. */
  async erase(guildId: string): Promise<{ guild_id: string; deleted: true }> {
    await this.eraser.eraseGuild(guildId);
    return { guild_id: guildId, deleted: true };
  }

  private changePanels(panels: readonly CounterPanel[], change: SettingsChange): void {
    const { counter_panel_custom_panels_create: creates = [], counter_panel_custom_panels_delete: deletes = [] } =
      change;
    if (creates.length === 0 && deletes.length === 0) return;
    const foreign = deletes.filter((id) => !panels.some((panel) => panel.channelId === id));
    if (foreign.length > 0) {
      const message = `names no custom panel of this guild: ${foreign.slice(0, 5).join(', ')}`;
      throw new BadRequestError([{ field: 'counter_panel_custom_panels_delete', message }]);
    }
    if (panels.length - deletes.length + creates.length > MAX_PANELS) {
      const message = `would make more than ${MAX_PANELS} custom panels`;
      throw new BadRequestError([{ field: 'counter_panel_custom_panels_create', message }]);
    }
    throw new DiscordApiInteractionError(
      this.config.discordToken === undefined
        ? 'Custom panels are channels that are created and deleted in Discord, which needs DISCORD_TOKEN to be set'
        : 'This version does not create and delete custom panels in Discord yet',
    );
  }
}

async function readSettings(manager: EntityManager, guildId: string): Promise<SettingsAnswer> {
  const settings = enabledOnly(await findSettings(manager, guildId));
  return settingsAnswer(settings, await findPanels(manager, guildId));
}

function findPanels(manager: EntityManager, guildId: string): Promise<CounterPanel[]> {
  return manager.getRepository(CounterPanel).find({ where: { guildId }, order: { channelId: 'ASC' } });
}

function refuseLostUpdate(settings: GuildSettings, { updated_at: seen }: SettingsChange): void {
  if (seen === undefined || seen === settings.updatedAt.getTime()) return;
  const message = `is not the current one: somebody has changed the settings at ${settings.updatedAt.toISOString()}`;
  throw new BadRequestError([{ field: 'updated_at', message }]);
}

function applyChange(settings: GuildSettings, change: SettingsChange): GuildSettings {
  const changed = Object.assign(new GuildSettings(), settings, { updatedAt: nextUpdate(settings) });
  for (const name of COLUMN_FIELD_NAMES) {
    if (change[name] !== undefined) Object.assign(changed, { [COLUMN_FIELDS[name].property]: change[name] });
  }
  const values = { ...settingsValues(settings), ...change };
  // A newer version may know more switches than this one.
  const unknown = settings.switches.filter((name) => !(SWITCH_NAMES as string[]).includes(name));
  changed.switches = [...SWITCH_NAMES.filter((name) => values[name]), ...unknown];
  return changed;
}
