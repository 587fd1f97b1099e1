import { SWITCH_NAMES } from '#libs/contracts';

/** The body of a PUT that switches everything off, except for the given changes. */
export function allSettings(guildId: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    guild_id: guildId,
    counter_panel_enabled: false,
    counter_panel_category_channel: null,
    counter_panel_member_count_channel: null,
    counter_panel_online_member_count_channel: null,
    counter_panel_custom_panels_create: [],
    counter_panel_custom_panels_delete: [],
    counter_panel_server_boost_number_channel: null,
    starboard_enabled: false,
    starboard_channel: null,
    starboard_count: null,
    ...Object.fromEntries(SWITCH_NAMES.map((name) => [name, false])),
    ...changes,
  };
}
