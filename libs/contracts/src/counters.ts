import type { SnapshotCountField, SnapshotRoleField } from './guild-snapshot.js';

/** The source of a number. */
export interface CountSource {
  /** A count in the latest snapshot. */
  snapshot?: SnapshotCountField;
  /** Another count in the latest snapshot, which is subtracted. */
  minus?: SnapshotCountField;
  /** Counts by role in the latest snapshot. The counter shows the count of its role. */
  snapshotByRole?: SnapshotRoleField;
  /** A field of Discord's guild object, used if the snapshot does not have the count. */
  discord?: 'approximateMemberCount' | 'approximatePresenceCount' | 'premiumSubscriptionCount';
  /** The total of the summary of the counter's statistic. */
  statistic?: true;
}

/** The settings field with the channel of a counter. */
export interface CounterSetting {
  field: `counter_panel_${string}_channel`;
  description: string;
  /** Whether PUT settings requires it. Fields added after the first version are optional: absent means unchanged. */
  required: boolean;
}

/** What a counter can show. */
export interface CounterDefinition {
  /** By default the channel is named `{label}: {count}`. May contain `<role_name>`. */
  label?: string;
  /** The default format if it is not made of the label. */
  format?: string;
  /** The numbers by their placeholder in formats. A type with one number calls it `value`. */
  counts: Readonly<Record<string, CountSource>>;
  /** What the count says, as in "how many members there are"; `<role_id>` is replaced with the role of the counter. */
  countDescription: string;
  /** The name in `counter_panel_status`; undefined if the settings do not show such counters. */
  panel?: string;
  setting?: CounterSetting;
}

export type CounterDefinitions = Readonly<Record<string, CounterDefinition>>;

/**
 * The types of counters. The key is stored in `counters.type` and must never change. The order is that of the settings:
 * if two settings have the same channel, the channel shows the first one. See docs/adding-a-counter.md.
 */
export const COUNTERS = {
  members: {
    label: 'Members',
    counts: { value: { snapshot: 'member_count', discord: 'approximateMemberCount' } },
    countDescription: 'how many members there are',
    panel: 'member_count',
    setting: {
      field: 'counter_panel_member_count_channel',
      description: 'The channel that shows the number of members',
      required: true,
    },
  },
  humans: {
    label: 'Humans',
    counts: { value: { snapshot: 'member_count', minus: 'bot_count' } },
    countDescription: 'how many members and how many bots there are',
  },
  bots: {
    label: 'Bots',
    counts: { value: { snapshot: 'bot_count' } },
    countDescription: 'how many bots there are',
  },
  online: {
    label: 'Online',
    counts: { value: { snapshot: 'online_member_count', discord: 'approximatePresenceCount' } },
    countDescription: 'how many members are online',
    panel: 'online_member_count',
    setting: {
      field: 'counter_panel_online_member_count_channel',
      description: 'The channel that shows the number of members who are online',
      required: true,
    },
  },
  idle: {
    label: 'Idle',
    counts: { value: { snapshot: 'idle_member_count' } },
    countDescription: 'how many members are idle',
  },
  dnd: {
    label: 'Do not disturb',
    counts: { value: { snapshot: 'dnd_member_count' } },
    countDescription: 'how many members do not want to be disturbed',
  },
  offline: {
    label: 'Offline',
    counts: { value: { snapshot: 'offline_member_count' } },
    countDescription: 'how many members are offline',
  },
  statuses: {
    format: '🟢 <online> 🌙 <idle> ⛔ <dnd> ⚪ <offline>',
    counts: {
      online: { snapshot: 'online_member_count' },
      idle: { snapshot: 'idle_member_count' },
      dnd: { snapshot: 'dnd_member_count' },
      offline: { snapshot: 'offline_member_count' },
    },
    countDescription: 'how many members have each status in the name',
  },
  members_with_role: {
    label: '<role_name>',
    counts: { value: { snapshotByRole: 'role_member_counts' } },
    countDescription: 'how many members have the role <role_id>',
  },
  online_with_role: {
    label: '<role_name> online',
    counts: { value: { snapshotByRole: 'online_role_member_counts' } },
    countDescription: 'how many members with the role <role_id> are online',
    panel: 'custom',
  },
  boosts: {
    label: 'Boosts',
    counts: { value: { snapshot: 'server_boost_count', discord: 'premiumSubscriptionCount' } },
    countDescription: 'how many boosts there are',
    panel: 'server_boost_number',
    setting: {
      field: 'counter_panel_server_boost_number_channel',
      description: 'The channel that shows the number of boosts',
      required: true,
    },
  },
  channels: {
    label: 'Channels',
    counts: { value: { snapshot: 'channel_count' } },
    countDescription: 'how many channels there are',
  },
  roles: {
    label: 'Roles',
    counts: { value: { snapshot: 'role_count' } },
    countDescription: 'how many roles there are',
  },
  voice: {
    label: 'In voice',
    counts: { value: { snapshot: 'voice_member_count' } },
    countDescription: 'how many members are in voice channels',
  },
  // By default it is called like its statistic: "Message sent: 7".
  statistic: {
    counts: { value: { statistic: true } },
    countDescription: 'the total of the statistic',
  },
} as const satisfies CounterDefinitions;

export type CounterTypeName = keyof typeof COUNTERS;

/** The counter type of custom panels. */
export const CUSTOM_PANEL_TYPE = 'online_with_role' satisfies CounterTypeName;

/** A counter type whose channel is a settings field. */
export interface CounterTypeWithSetting extends CounterDefinition {
  type: string;
  setting: CounterSetting;
}

/** The counter types of a service. */
export class CounterTypes {
  readonly names: readonly string[];
  /** The types with a settings field, in the order of the settings. */
  readonly inSettings: readonly CounterTypeWithSetting[];
  /** The names of counters in `counter_panel_status`. */
  readonly panels: readonly string[];

  constructor(private readonly definitions: CounterDefinitions = COUNTERS) {
    this.names = Object.keys(definitions);
    this.inSettings = Object.entries(definitions).flatMap(([type, definition]) =>
      definition.setting === undefined ? [] : [{ ...definition, type, setting: definition.setting }],
    );
    this.panels = Object.values(definitions).flatMap(({ panel }) => panel ?? []);
  }

  /** @returns undefined for a type that this version does not know */
  find(type: string): CounterDefinition | undefined {
    return Object.hasOwn(this.definitions, type) ? this.definitions[type] : undefined;
  }
}

/** Whether counters of this type count members with a role. */
export function hasRole({ counts }: CounterDefinition): boolean {
  return Object.values(counts).some(({ snapshotByRole }) => snapshotByRole !== undefined);
}

/** Whether counters of this type show a statistic. */
export function hasStatistic({ counts }: CounterDefinition): boolean {
  return Object.values(counts).some(({ statistic }) => statistic === true);
}
