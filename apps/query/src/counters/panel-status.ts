import { COUNTERS, CUSTOM_PANEL_TYPE } from '#libs/contracts';
import {
  earliestRename,
  shownCounters,
  type KnownCounter,
  type PanelChannel,
  type UnremovedChannel,
} from '#libs/counters';
import type { PanelStatus } from './dto/panel-status.dto.js';

export interface KnownOfPanels {
  /** In the order of the settings. */
  counters: readonly KnownCounter[];
  /** By channel. */
  channels: ReadonlyMap<string, PanelChannel>;
  /** Of the guild; null when nothing is refreshed. */
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

function statusOfCounters({ counters, channels, nextRefresh, hasDiscord }: KnownOfPanels): PanelStatus[] {
  const shown = new Set(shownCounters(counters));
  return counters.flatMap((known) => {
    const { panel } = known.definition;
    if (panel === undefined) return [];
    const { channelId } = known.counter;
    if (!shown.has(known)) return showsAnother(panel, channelId);
    const channel = channels.get(channelId);
    return {
      panel,
      channel_id: channelId,
      last_value: channel?.shownName ?? null,
      last_update_at: channel?.shownAt?.toISOString() ?? null,
      next_update_at: nextRefresh === null ? null : nextUpdateAt(nextRefresh, channel),
      last_error: hasDiscord ? (channel?.lastError ?? null) : NO_TOKEN,
    };
  });
}

function showsAnother(panel: string, channelId: string): PanelStatus {
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
    panel: COUNTERS[CUSTOM_PANEL_TYPE].panel,
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
