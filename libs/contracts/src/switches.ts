/**
 * The switches in a guild's settings that decide what is collected, in the order of documents and responses. They are
 * stored by name, so a new one needs no migration.
 */
export const SWITCHES = {
  stats_command_usage: { required: true, description: 'Collect command usage' },
  stats_message_statistics: { required: true, description: 'Collect messages' },
  stats_track_bot_messages: { required: true, description: "Collect bots' messages too" },
  stats_functions_reminders_statistics_enabled: { required: true, description: 'Collect reminders' },
  stats_functions_giveaways_statistics_enabled: { required: true, description: 'Collect giveaways' },
  stats_modules_tempchannels_statistics_enabled: { required: true, description: 'Collect temp channels' },
  stats_modules_autoresponder_statistics_enabled: { required: true, description: 'Collect autoresponder timings' },
  stats_modules_reactionroles_statistics_enabled: { required: true, description: 'Collect reaction role timings' },
  stats_modules_tags_statistics_enabled: { required: true, description: 'Collect tag timings' },
  stats_members_enabled: { required: false, description: 'Collect members who join and leave' },
  stats_message_deletions_enabled: { required: false, description: 'Collect deleted messages' },
} as const satisfies Record<string, SwitchDefinition>;

export interface SwitchDefinition {
  /** Whether PUT settings requires it. Switches added after the first version are optional: absent means unchanged. */
  required: boolean;
  description: string;
}

export type SwitchName = keyof typeof SWITCHES;
export const SWITCH_NAMES = Object.keys(SWITCHES) as SwitchName[];
