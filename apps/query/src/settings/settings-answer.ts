import { SWITCHES, SWITCH_NAMES, type JsonSchema } from '#libs/contracts';
import type { CounterPanel, GuildSettings } from '#libs/database';
import { PANEL_STATUS_SCHEMA, type PanelStatus } from '../counters/panel-status.js';
import { ID_SCHEMA, objectOf, orNull, TIME_SCHEMA } from '../openapi/schemas.js';
import { STARBOARD_STATUS_SCHEMA, type StarboardStatus } from '../starboard/starboard-status.js';
import { COLUMN_FIELDS, COLUMN_FIELD_NAMES, type SettingsValues } from './settings-fields.js';

export interface CustomPanelAnswer {
  channel_id: string;
  channel_name: string;
  role_id: string;
}

/** How what acts in Discord is doing. */
export interface DiscordStatus {
  counter_panel_status: PanelStatus[];
  starboard_status: StarboardStatus[];
}

export type SettingsAnswer = SettingsValues &
  DiscordStatus & {
    guild_id: string;
    counter_panel_custom_panels: CustomPanelAnswer[];
    updated_at: string;
  };

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

const PANEL_SCHEMA = objectOf({ channel_id: ID_SCHEMA, channel_name: { type: 'string' }, role_id: ID_SCHEMA });

export const SETTINGS_SCHEMA: JsonSchema = objectOf({
  guild_id: ID_SCHEMA,
  ...Object.fromEntries(COLUMN_FIELD_NAMES.map((name) => [name, answerSchema(name)])),
  ...Object.fromEntries(
    SWITCH_NAMES.map((name) => [name, { type: 'boolean', description: SWITCHES[name].description }]),
  ),
  counter_panel_custom_panels: { type: 'array', items: PANEL_SCHEMA },
  counter_panel_status: { type: 'array', items: PANEL_STATUS_SCHEMA },
  starboard_status: {
    type: 'array',
    items: STARBOARD_STATUS_SCHEMA,
    description: 'What keeps the starboard from working; empty when nothing is wrong',
  },
  updated_at: TIME_SCHEMA,
});

function answerSchema(name: keyof typeof COLUMN_FIELDS): JsonSchema {
  const { format, nullable, description } = COLUMN_FIELDS[name];
  const schema = name.endsWith('_channel') ? ID_SCHEMA : format.schema;
  return { ...(nullable ? orNull(schema) : schema), description };
}
