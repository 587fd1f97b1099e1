import type { GuildSettings } from '#libs/database';
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

export interface CustomPanel {
  channelId: string;
  channelName: string;
  roleId: string;
}

/** A channel that is named twice shows what it is named for first. */
export function panelsOf(settings: GuildSettings, custom: readonly CustomPanel[]): Panel[] {
  const own: [DiscordCount, string, string | null][] = [
    ['members', 'Members', settings.counterPanelMemberCountChannel],
    ['online', 'Online', settings.counterPanelOnlineMemberCountChannel],
    ['boosts', 'Boosts', settings.counterPanelServerBoostNumberChannel],
  ];
  const all: Panel[] = [
    ...own.flatMap(([shows, label, channelId]) => (channelId === null ? [] : [{ channelId, shows, label }])),
    ...custom.map(({ channelId, channelName, roleId }) => ({ channelId, shows: { roleId }, label: channelName })),
  ];
  const byChannel = new Map(all.toReversed().map((panel) => [panel.channelId, panel]));
  return [...byChannel.values()].toReversed();
}

/** What the channel should be called; undefined while the count is not known. */
export function nameOf({ shows, label }: Panel, counts: GuildCounts): string | undefined {
  const count = typeof shows === 'string' ? counts[shows] : counts.onlineByRole[shows.roleId];
  return count === undefined ? undefined : panelName(label, count);
}

/** Why it has no name, in one sentence for people. */
export function whyUnknown({ shows }: Panel): string {
  if (typeof shows === 'string') return 'The count is not known yet';
  return `The last guild.snapshot does not tell how many members with the role ${shows.roleId} are online`;
}
