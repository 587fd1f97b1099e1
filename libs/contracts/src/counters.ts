import type { SnapshotCountField, SnapshotRoleField } from './guild-snapshot.js';

/** The source of a counter's number. */
export interface CountSource {
  /** A count in the latest snapshot. */
  snapshot?: SnapshotCountField;
  /** Counts by role in the latest snapshot. The counter shows the count of its role. */
  snapshotByRole?: SnapshotRoleField;
  /** A field of Discord's guild object, used if the snapshot does not have the count. */
  discord?: 'approximateMemberCount' | 'approximatePresenceCount' | 'premiumSubscriptionCount';
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
  /** The channel is named `{label}: {count}`. Without a label, each counter has its own label. */
  label?: string;
  count: CountSource;
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
    count: { snapshot: 'member_count', discord: 'approximateMemberCount' },
    countDescription: 'how many members there are',
    panel: 'member_count',
    setting: {
      field: 'counter_panel_member_count_channel',
      description: 'The channel that shows the number of members',
      required: true,
    },
  },
  online: {
    label: 'Online',
    count: { snapshot: 'online_member_count', discord: 'approximatePresenceCount' },
    countDescription: 'how many members are online',
    panel: 'online_member_count',
    setting: {
      field: 'counter_panel_online_member_count_channel',
      description: 'The channel that shows the number of members who are online',
      required: true,
    },
  },
  boosts: {
    label: 'Boosts',
    count: { snapshot: 'server_boost_count', discord: 'premiumSubscriptionCount' },
    countDescription: 'how many boosts there are',
    panel: 'server_boost_number',
    setting: {
      field: 'counter_panel_server_boost_number_channel',
      description: 'The channel that shows the number of boosts',
      required: true,
    },
  },
  online_with_role: {
    count: { snapshotByRole: 'online_role_member_counts' },
    countDescription: 'how many members with the role <role_id> are online',
    panel: 'custom',
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
