import type { SnapshotCountField } from './guild-snapshot.js';

export interface GaugeDefinition {
  /** The count of `guild.snapshot` that the gauge shows. */
  field: SnapshotCountField;
  /** What the gauge counts, for documents. */
  description: string;
}

/** The gauges: counts of a guild over time. The order is that of answers and documents. */
export const GAUGES = {
  members: { field: 'member_count', description: 'members, bots included' },
  bots: { field: 'bot_count', description: 'members that are bots' },
  online: { field: 'online_member_count', description: 'members who are not offline, idle ones included' },
  idle: { field: 'idle_member_count', description: 'members who are idle' },
  dnd: { field: 'dnd_member_count', description: 'members who do not want to be disturbed' },
  offline: { field: 'offline_member_count', description: 'members who are offline or invisible' },
  voice: { field: 'voice_member_count', description: 'members in voice and stage channels' },
  boosts: { field: 'server_boost_count', description: 'boosts' },
  channels: { field: 'channel_count', description: 'channels' },
  roles: { field: 'role_count', description: 'roles' },
} as const satisfies Readonly<Record<string, GaugeDefinition>>;

export type GaugeName = keyof typeof GAUGES;

export const GAUGE_NAMES = Object.keys(GAUGES) as readonly GaugeName[];
