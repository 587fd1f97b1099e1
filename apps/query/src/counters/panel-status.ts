import { COUNTERS, CUSTOM_PANEL_TYPE } from '#libs/contracts';
import {
  earliestRename,
  shownCounters,
  type KnownCounter,
  type PanelChannel,
  type UnremovedChannel,
} from '#libs/counters';
import type { PanelStatus } from './dto/panel-status.dto.js';

export interface PanelFacts {
  /** In the order of the settings. */
  counters: readonly KnownCounter[];
  /** By channel id. */
  channels: ReadonlyMap<string, PanelChannel>;
  /** The next refresh of the guild; null if none is planned. */
  nextRefresh: Date | null;
  unremoved: readonly UnremovedChannel[];
  /** Whether DISCORD_TOKEN is set. */
  hasDiscord: boolean;
}

const NO_TOKEN = 'DISCORD_TOKEN is not set, so the counter is not updated';
const SHOWS_ANOTHER = 'The channel already shows another counter, which comes first in the settings';

/** The counters in the order of the settings, then channels that no longer belong to a counter. */
export function panelStatus(known: PanelFacts): PanelStatus[] {
  return [...statusOfCounters(known), ...known.unremoved.map(statusOfUnremoved)];
}

function statusOfCounters({ counters, channels, nextRefresh, hasDiscord }: PanelFacts): PanelStatus[] {
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
  const what = `The channel ${JSON.stringify(channelName)} no longer belongs to a counter and should be deleted`;
  return {
    panel: COUNTERS[CUSTOM_PANEL_TYPE].panel,
    channel_id: channelId,
    last_value: null,
    last_update_at: null,
    next_update_at: dueAt?.toISOString() ?? null,
    last_error: `${what}. ${error}${dueAt === null ? '. No further attempts: delete the channel in Discord' : ''}`,
  };
}

/** The later of the guild's next refresh and the time from which Discord's rate limit allows renaming the channel. */
function nextUpdateAt(nextRefresh: Date, known: PanelChannel | undefined): string {
  return new Date(Math.max(nextRefresh.getTime(), known ? earliestRename(known) : 0)).toISOString();
}
