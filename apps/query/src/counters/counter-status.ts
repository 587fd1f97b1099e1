import type { EntityManager } from 'typeorm';
import {
  earliestRename,
  findNextRefresh,
  findPanelChannels,
  shownCounters,
  type KnownCounter,
  type PanelChannel,
} from '#libs/counters';
import type { GuildSettings } from '#libs/database';

/** What the channel of a counter shows. */
export interface CounterStatus {
  /** The number in the name. Null before the first update, and for a counter with several numbers. */
  value: number | null;
  /** The last name that Discord accepted. */
  name: string | null;
  updated_at: string | null;
  next_update_at: string | null;
  error: string | null;
}

export interface CounterFacts {
  /** The counters that are shown: one for each channel. */
  shown: ReadonlySet<KnownCounter>;
  /** By channel id. */
  channels: ReadonlyMap<string, PanelChannel>;
  /** The next refresh of the guild; null if none is planned. */
  nextRefresh: Date | null;
  /** Whether DISCORD_TOKEN is set. */
  hasDiscord: boolean;
}

const NO_TOKEN = 'DISCORD_TOKEN is not set, so the counter is not updated';
const SHOWS_ANOTHER = 'The channel already shows another counter, which comes first in the settings';

/** Reads what is known of the counters of a guild. */
export async function findCounterFacts(
  manager: EntityManager,
  guild: { settings: GuildSettings; counters: readonly KnownCounter[]; hasDiscord: boolean },
): Promise<CounterFacts> {
  const { settings, counters, hasDiscord } = guild;
  const { guildId, counterPanelEnabled } = settings;
  const isRefreshed = counters.length > 0 && counterPanelEnabled && hasDiscord;
  return {
    shown: new Set(shownCounters(counters)),
    channels: counters.length > 0 ? await findPanelChannels(manager, guildId) : new Map(),
    nextRefresh: isRefreshed ? await findNextRefresh(manager, guildId) : null,
    hasDiscord,
  };
}

export function counterStatus(known: KnownCounter, facts: CounterFacts): CounterStatus {
  if (!facts.shown.has(known)) {
    return { value: null, name: null, updated_at: null, next_update_at: null, error: SHOWS_ANOTHER };
  }
  const channel = facts.channels.get(known.counter.channelId);
  const { shownName = null, shownValue = null, shownAt } = channel ?? {};
  return {
    value: shownName === null || shownValue === null ? null : Number(shownValue),
    name: shownName,
    updated_at: shownAt?.toISOString() ?? null,
    next_update_at: facts.nextRefresh === null ? null : nextUpdateAt(facts.nextRefresh, channel),
    error: facts.hasDiscord ? (channel?.lastError ?? null) : NO_TOKEN,
  };
}

/** The later of the guild's next refresh and the time from which Discord's rate limit allows renaming the channel. */
function nextUpdateAt(nextRefresh: Date, known: PanelChannel | undefined): string {
  return new Date(Math.max(nextRefresh.getTime(), known ? earliestRename(known) : 0)).toISOString();
}
