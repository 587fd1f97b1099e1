import { panelName } from './panel-names.js';

/** What is counted in a guild; a count that nobody knows is missing. */
export interface GuildCounts {
  members?: number;
  online?: number;
  boosts?: number;
  /** Members who are online, by role. */
  onlineByRole: Readonly<Record<string, number>>;
}

/** The counts that Discord knows too. */
export type DiscordCount = 'members' | 'online' | 'boosts';

/** A channel that shows a count in its name. */
export interface Panel {
  channelId: string;
  shows: DiscordCount | { roleId: string };
  label: string;
}

export interface GuildSnapshot {
  occurredAt: Date;
  counts: GuildCounts;
}

export interface GuildPanels {
  panels: Panel[];
  /** The latest; undefined when there is none. */
  snapshot?: GuildSnapshot;
}

/** How long a snapshot counts: a publisher that has stopped must not decide for ever what the counters show. */
const SNAPSHOT_COUNTS_MS = 60 * 60_000;

/** The channels that the settings name. */
export interface PanelSettings extends Record<DiscordCount, string | null> {
  custom: readonly { channelId: string; channelName: string; roleId: string }[];
}

const LABELS = { members: 'Members', online: 'Online', boosts: 'Boosts' } as const satisfies Record<
  DiscordCount,
  string
>;

/** A channel that is named twice shows what it is named for first. */
export function panelsOf(settings: PanelSettings): Panel[] {
  const own = (Object.keys(LABELS) as DiscordCount[]).flatMap((shows): Panel[] => {
    const channelId = settings[shows];
    return channelId === null ? [] : [{ channelId, shows, label: LABELS[shows] }];
  });
  const custom = settings.custom.map(({ channelId, channelName, roleId }): Panel => ({
    channelId,
    shows: { roleId },
    label: channelName,
  }));
  const seen = new Set<string>();
  return [...own, ...custom].filter(({ channelId }) => !seen.has(channelId) && seen.add(channelId));
}

/** What the snapshot tells: nothing, when there is none or it is too old. */
export function countsOf(snapshot: GuildSnapshot | undefined, nowMs: number): GuildCounts {
  return snapshot === undefined || isTooOld(snapshot, nowMs) ? { onlineByRole: {} } : snapshot.counts;
}

function isTooOld({ occurredAt }: GuildSnapshot, nowMs: number): boolean {
  return occurredAt.getTime() < nowMs - SNAPSHOT_COUNTS_MS;
}

/** What the channel should be called; undefined while the count is not known. */
export function nameOf({ shows, label }: Panel, counts: GuildCounts): string | undefined {
  const count = typeof shows === 'string' ? counts[shows] : counts.onlineByRole[shows.roleId];
  return count === undefined ? undefined : panelName(label, count);
}

/** Why it has no name, in one sentence for people. */
export function whyUnknown({ shows }: Panel, snapshot: GuildSnapshot | undefined, nowMs: number): string {
  if (typeof shows === 'string') return 'The count is not known yet';
  const told = `how many members with the role ${shows.roleId} are online`;
  if (snapshot === undefined) return `There is no guild.snapshot that tells ${told}`;
  if (!isTooOld(snapshot, nowMs)) return `The last guild.snapshot does not tell ${told}`;
  return `The last guild.snapshot is of ${snapshot.occurredAt.toISOString()}, which is too old to tell ${told}`;
}
