import { FIELD_TYPES, SWITCHES, type SwitchName } from '#libs/contracts';
import type { GuildSettings } from '#libs/database';
import type { FieldFormat } from '../requests/formats.js';
import { wholeNumber } from '../requests/formats.js';

interface ColumnField {
  /** Where the entity keeps it. */
  property: keyof GuildSettings;
  format: FieldFormat;
  nullable: boolean;
  description: string;
}

const onOff = (property: keyof GuildSettings, description: string) => ({
  property,
  format: FIELD_TYPES.boolean,
  nullable: false,
  description,
});
const channel = (property: keyof GuildSettings, description: string) => ({
  property,
  format: FIELD_TYPES.snowflake,
  nullable: true,
  description,
});

/** How many stars a message may be asked to have. */
export const MAX_STARBOARD_COUNT = 1_000_000;

/** The settings that have a column of their own, in the order of every list. */
export const COLUMN_FIELDS = {
  counter_panel_enabled: onOff('counterPanelEnabled', 'Whether the counter panels are shown'),
  counter_panel_category_channel: channel('counterPanelCategoryChannel', 'The category of the counter panels'),
  counter_panel_member_count_channel: channel('counterPanelMemberCountChannel', 'Shows the count of members'),
  counter_panel_online_member_count_channel: channel(
    'counterPanelOnlineMemberCountChannel',
    'Shows the count of members who are online',
  ),
  counter_panel_server_boost_number_channel: channel(
    'counterPanelServerBoostNumberChannel',
    'Shows the count of boosts',
  ),
  starboard_enabled: onOff('starboardEnabled', 'Whether starred messages are highlighted'),
  starboard_channel: channel('starboardChannel', 'The channel in which starred messages are highlighted'),
  starboard_count: {
    property: 'starboardCount',
    format: wholeNumber(1, MAX_STARBOARD_COUNT),
    nullable: true,
    description: 'The stars that a message needs; may be null while the starboard is off',
  },
} as const satisfies Record<string, ColumnField>;

export type ColumnFieldName = keyof typeof COLUMN_FIELDS;
export const COLUMN_FIELD_NAMES = Object.keys(COLUMN_FIELDS) as ColumnFieldName[];

/** Those that name a channel. */
export const CHANNEL_FIELDS = [
  'counter_panel_category_channel',
  'counter_panel_member_count_channel',
  'counter_panel_online_member_count_channel',
  'counter_panel_server_boost_number_channel',
  'starboard_channel',
] as const satisfies ColumnFieldName[];

/** Settings under the names of the API: what a request changes, and what an answer shows. */
export type SettingsValues = { [N in ColumnFieldName]: GuildSettings[(typeof COLUMN_FIELDS)[N]['property']] } & Record<
  SwitchName,
  boolean
>;

/** Switches that PUT may leave out: it was possible before they existed. */
export function isOptionalSwitch(name: SwitchName): boolean {
  return !SWITCHES[name].required;
}
