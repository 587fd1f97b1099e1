import type { PanelChannel } from '#libs/counters';
import {
  explainDiscordError,
  MISSING_ACCESS,
  TO_CHANGE_VOICE,
  type DiscordError,
  type DiscordPermission,
} from '#libs/discord';
import { growingPause, type Pauses } from '#libs/timing';

const MINUTE_MS = 60_000;

/** Pauses of minutes and hours are documented, so they are kept nearly whole. */
const SPREAD = 0.1;

/** For what somebody has to put right. */
const REFUSED: Pauses = { firstMs: 10 * MINUTE_MS, longestMs: 180 * MINUTE_MS, spread: SPREAD };
/** For what passes. */
const UNAVAILABLE: Pauses = { firstMs: MINUTE_MS / 2, longestMs: 10 * MINUTE_MS, spread: SPREAD };

export interface FailedRename {
  /** As it was before. */
  channel: PanelChannel;
  /** With the rename counted. */
  renamed: PanelChannel;
  error: DiscordError;
  /** What the bot is known to lack. */
  lacking?: readonly DiscordPermission[];
  /** Whether the bot is known to be in the guild. */
  isInGuild?: boolean;
  /** The other channels of the guild. @defaultValue none */
  others?: readonly PanelChannel[];
  nowMs: number;
}

/** The channel after a rename that failed: why, and when to try again. */
export function afterFailure(failed: FailedRename): PanelChannel {
  const { channel, renamed, error, isInGuild, others = [], nowMs } = failed;
  const lastError = explainDiscordError(error, {
    action: 'rename the channel',
    channelId: channel.channelId,
    needed: TO_CHANGE_VOICE,
    lacking: failed.lacking?.length ? failed.lacking : undefined,
    isInGuild,
  });
  return waitAfter({ ...(error.mayHaveBeenDone ? renamed : channel), lastError }, error, others, nowMs);
}

/** Channels whose counts could not be read. One question is asked for all of them, so they wait together. */
export function afterUnreadCounts(
  channels: readonly PanelChannel[],
  error: DiscordError,
  nowMs: number,
): PanelChannel[] {
  // Every member may read them.
  const isInGuild = error.code !== MISSING_ACCESS;
  const lastError = explainDiscordError(error, { action: 'read the counts of the server', isInGuild });
  const failedMost = channels.toSorted((a, b) => b.attempts - a.attempts)[0]!;
  const { attempts, limitedUntil, pausedUntil } = waitAfter(failedMost, error, [], nowMs);
  return channels.map((channel) => ({
    ...channel,
    lastError,
    attempts,
    limitedUntil,
    pausedUntil,
    countsUnread: true,
  }));
}

function waitAfter(
  channel: PanelChannel,
  error: DiscordError,
  others: readonly PanelChannel[],
  nowMs: number,
): PanelChannel {
  switch (error.kind) {
    case 'rate_limited':
      return { ...channel, limitedUntil: new Date(nowMs + error.retryAfterMs!) };
    case 'unauthorized':
      return { ...channel, limitedUntil: null, pausedUntil: null };
    case 'unavailable':
      return withPauseOfOutage(channel, others, nowMs);
    default:
      return withPause(channel, REFUSED, nowMs);
  }
}

/** Whether the other channels of the guild would fare the same, so that they are not tried now. */
export function concernsAll(error: DiscordError): boolean {
  return error.kind === 'unauthorized' || error.scope === 'global';
}

/** Whether the others are left for later: a Discord that hangs would cost the time of one call for each of them. */
export function endsRun(error: DiscordError): boolean {
  return error.kind === 'unavailable' || concernsAll(error);
}

/** Another channel of the guild, which was not tried. */
export function afterFailureOfAnother(channel: PanelChannel, failed: PanelChannel): PanelChannel {
  const { lastError, limitedUntil, pausedUntil } = failed;
  return { ...channel, lastError, limitedUntil, pausedUntil };
}

/**
 * One visit of a guild ends with the first channel that Discord does not answer for, and each visit finds another one.
 * So the pauses grow with the failures of all, and end together: in an outage the visits grow apart as those of one
 * channel would. Of another that fails for ever only as much counts as of this one.
 */
function withPauseOfOutage(channel: PanelChannel, others: readonly PanelChannel[], nowMs: number): PanelChannel {
  const attempts = channel.attempts + 1;
  const failures = others.reduce((sum, other) => sum + Math.min(other.attempts, attempts), attempts);
  const ends = others.map(({ pausedUntil }) => pausedUntil?.getTime() ?? 0).filter((end) => end > nowMs);
  const pausedUntil = Math.min(nowMs + growingPause(failures, UNAVAILABLE), ...ends);
  return { ...channel, attempts, pausedUntil: new Date(pausedUntil) };
}

function withPause(channel: PanelChannel, pauses: Pauses, nowMs: number): PanelChannel {
  const attempts = channel.attempts + 1;
  return { ...channel, attempts, pausedUntil: new Date(nowMs + growingPause(attempts, pauses)) };
}
