import { SWITCHES, SWITCH_NAMES } from '#libs/contracts';
import type { CounterPanel, GuildSettings } from '#libs/database';
import type { DiscordStatus, SettingsAnswer } from './settings-answer.dto.js';
import { COLUMN_FIELDS, COLUMN_FIELD_NAMES, type SettingsValues } from './settings-fields.js';

export function settingsAnswer(
  settings: GuildSettings,
  panels: readonly CounterPanel[],
  status: DiscordStatus,
): SettingsAnswer {
  return {
    guild_id: settings.guildId,
    ...columnValues(settings),
    ...switchValues(settings),
    counter_panel_custom_panels: panels.map((panel) => ({
      channel_id: panel.channelId,
      channel_name: panel.channelName,
      role_id: panel.roleId,
    })),
    ...status,
    updated_at: settings.updatedAt.toISOString(),
  };
}

export function settingsValues(settings: GuildSettings): SettingsValues {
  return { ...columnValues(settings), ...switchValues(settings) };
}

function columnValues(settings: GuildSettings): Pick<SettingsValues, keyof typeof COLUMN_FIELDS> {
  const values = COLUMN_FIELD_NAMES.map((name) => [name, settings[COLUMN_FIELDS[name].property]]);
  return Object.fromEntries(values) as Pick<SettingsValues, keyof typeof COLUMN_FIELDS>;
}

function switchValues(settings: GuildSettings): Pick<SettingsValues, keyof typeof SWITCHES> {
  const values = SWITCH_NAMES.map((name) => [name, settings.switches.includes(name)]);
  return Object.fromEntries(values) as Pick<SettingsValues, keyof typeof SWITCHES>;
}
