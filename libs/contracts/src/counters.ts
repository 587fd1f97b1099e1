import type { GUILD_EVENTS } from './guild-events.js';

type SnapshotFields = (typeof GUILD_EVENTS)['guild.snapshot']['fields'];
type SnapshotField<Type> = {
  [F in keyof SnapshotFields]: SnapshotFields[F] extends { type: Type } ? F : never;
}[keyof SnapshotFields];

/** Where the number of a counter comes from. The fields of `guild.snapshot` are stored in columns of the same names. */
export interface CountSource {
  /** A count in the latest snapshot. */
  snapshot?: SnapshotField<'count'>;
  /** Counts by role in the latest snapshot: the counter shows the one of its role. */
  snapshotByRole?: SnapshotField<'countsById'>;
  /** What Discord answers of the guild, where the snapshot does not tell. */
  discord?: 'approximateMemberCount' | 'approximatePresenceCount' | 'premiumSubscriptionCount';
}

/** The settings field that names the channel of a counter. */
export interface CounterSetting {
  field: `counter_panel_${string}_channel`;
  description: string;
  /** PUT settings must name it. A field that was added after the first version is optional: absent means unchanged. */
  required: boolean;
}

/** What a counter can show. */
export interface CounterDefinition {
  /** The name of the channel is `{label}: {count}`. Without a label every counter has a name of its own. */
  label?: string;
  count: CountSource;
  /** What the count says, after "tells"; `<role_id>` stands for the role of the counter. */
  tells: string;
  /** What `counter_panel_status` calls a counter that the settings show. */
  panel?: string;
  setting?: CounterSetting;
}

export type CounterDefinitions = Readonly<Record<string, CounterDefinition>>;

/**
 * What counters can show. The key is the type, as `counters.type` stores it: it never changes. The order is that of the
 * settings: a channel that they name twice shows what it is named for first. See docs/adding-a-counter.md.
 */
export const COUNTERS = {
  members: {
    label: 'Members',
    count: { snapshot: 'member_count', discord: 'approximateMemberCount' },
    tells: 'how many members there are',
    panel: 'member_count',
    setting: {
      field: 'counter_panel_member_count_channel',
      description: 'Shows the count of members',
      required: true,
    },
  },
  online: {
    label: 'Online',
    count: { snapshot: 'online_member_count', discord: 'approximatePresenceCount' },
    tells: 'how many members are online',
    panel: 'online_member_count',
    setting: {
      field: 'counter_panel_online_member_count_channel',
      description: 'Shows the count of members who are online',
      required: true,
    },
  },
  boosts: {
    label: 'Boosts',
    count: { snapshot: 'server_boost_count', discord: 'premiumSubscriptionCount' },
    tells: 'how many boosts there are',
    panel: 'server_boost_number',
    setting: {
      field: 'counter_panel_server_boost_number_channel',
      description: 'Shows the count of boosts',
      required: true,
    },
  },
  online_with_role: {
    count: { snapshotByRole: 'online_role_member_counts' },
    tells: 'how many members with the role <role_id> are online',
    panel: 'custom',
  },
} as const satisfies CounterDefinitions;

export type CounterTypeName = keyof typeof COUNTERS;

/** What the custom panels of the settings show. */
export const CUSTOM_PANEL_TYPE = 'online_with_role' satisfies CounterTypeName;

/** A counter type that a settings field names the channel of. */
export interface CounterTypeWithSetting extends CounterDefinition {
  type: string;
  setting: CounterSetting;
}

/** The counter types that a service knows; everything that is derived from them starts here. */
export class CounterTypes {
  readonly names: readonly string[];
  /** Those with a settings field, in the order of the settings. */
  readonly inSettings: readonly CounterTypeWithSetting[];
  /** What a counter in `counter_panel_status` may be called. */
  readonly panels: readonly string[];

  constructor(private readonly definitions: CounterDefinitions = COUNTERS) {
    this.names = Object.keys(definitions);
    this.inSettings = Object.entries(definitions).flatMap(([type, definition]) =>
      definition.setting === undefined ? [] : [{ ...definition, type, setting: definition.setting }],
    );
    this.panels = Object.values(definitions).flatMap(({ panel }) => panel ?? []);
  }

  /** Undefined for a type that this version does not know. */
  find(type: string): CounterDefinition | undefined {
    return Object.hasOwn(this.definitions, type) ? this.definitions[type] : undefined;
  }
}
