import { earliestRename } from '#libs/counters';
import type { PanelChannel, UnremovedChannel } from '#libs/counters';
import type { CounterPanel, GuildSettings } from '#libs/database';
import type { PanelStatus } from './dto/panel-status.dto.js';

export interface KnownOfPanels {
  settings: GuildSettings;
  panels: readonly CounterPanel[];
  /** By channel. */
  channels: ReadonlyMap<string, PanelChannel>;
  /** Of the guild. */
  nextRefresh: Date | null;
  unremoved: readonly UnremovedChannel[];
  /** Whether there is a token. */
  hasDiscord: boolean;
}

const NO_TOKEN = 'DISCORD_TOKEN is not set, so the counter stands still';
const SHOWS_ANOTHER = 'The channel shows another count already, for which it is named first';

/** In the order of the settings; then the channels that belong to no counter any more. */
export function panelStatus(known: KnownOfPanels): PanelStatus[] {
  return [...statusOfCounters(known), ...known.unremoved.map(statusOfUnremoved)];
}

function statusOfCounters({ settings, panels, channels, nextRefresh, hasDiscord }: KnownOfPanels): PanelStatus[] {
  const all: [PanelStatus['panel'], string | null][] = [
    ['member_count', settings.counterPanelMemberCountChannel],
    ['online_member_count', settings.counterPanelOnlineMemberCountChannel],
    ['server_boost_number', settings.counterPanelServerBoostNumberChannel],
    ...panels.map(({ channelId }): [PanelStatus['panel'], string] => ['custom', channelId]),
  ];
  const isOn = settings.counterPanelEnabled && hasDiscord;
  const seen = new Set<string>();
  return all.flatMap(([panel, channelId]) => {
    if (channelId === null) return [];
    if (seen.has(channelId)) return showsAnother(panel, channelId);
    seen.add(channelId);
    const known = channels.get(channelId);
    return {
      panel,
      channel_id: channelId,
      last_value: known?.shownName ?? null,
      last_update_at: known?.shownAt?.toISOString() ?? null,
      next_update_at: isOn && nextRefresh !== null ? nextUpdateAt(nextRefresh, known) : null,
      last_error: hasDiscord ? (known?.lastError ?? null) : NO_TOKEN,
    };
  });
}

function showsAnother(panel: PanelStatus['panel'], channelId: string): PanelStatus {
  return {
    panel,
    channel_id: channelId,
    last_value: null,
    last_update_at: null,
    next_update_at: null,
    last_error: SHOWS_ANOTHER,
  };
}

function statusOfUnremoved({ channelId, channelName, error, dueAt }: UnremovedChannel): PanelStatus {
  const what = `The channel ${JSON.stringify(channelName)} belongs to no counter any more and should be deleted`;
  return {
    panel: 'custom',
    channel_id: channelId,
    last_value: null,
    last_update_at: null,
    next_update_at: dueAt?.toISOString() ?? null,
    last_error: `${what}. ${error}${dueAt === null ? '. This was given up: delete it in Discord' : ''}`,
  };
}

/** A guild may be looked at earlier for another counter; until Discord takes a rename of this one, it keeps its name. */
function nextUpdateAt(nextRefresh: Date, known: PanelChannel | undefined): string {
  return new Date(Math.max(nextRefresh.getTime(), known ? earliestRename(known) : 0)).toISOString();
}
