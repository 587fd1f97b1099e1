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

/** These pauses are documented, so they are randomized only a little. */
const SPREAD = 0.1;

/** For failures that somebody has to repair. */
const REFUSED: Pauses = { firstMs: 10 * MINUTE_MS, longestMs: 180 * MINUTE_MS, spread: SPREAD };
/** For temporary failures. */
const UNAVAILABLE: Pauses = { firstMs: MINUTE_MS / 2, longestMs: 10 * MINUTE_MS, spread: SPREAD };

export interface FailedRename {
  /** The state before the rename. */
  channel: PanelChannel;
  /** The state with the rename counted. */
  renamed: PanelChannel;
  error: DiscordError;
  /** The permissions that the bot lacks, if known. */
  lacking?: readonly DiscordPermission[];
  /** Whether the bot is known to be in the guild. */
  isInGuild?: boolean;
  /** The other channels of the guild. @defaultValue none */
  others?: readonly PanelChannel[];
  nowMs: number;
}

/** The state after a failed rename: the reason, and the time of the next attempt. */
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

/**
 * The states of channels for which something of the guild could not be read. One request reads it for all of them, so
 * they share one pause.
 *
 * @param action completes the sentence "Discord could not …"
 */
export function afterUnread(
  channels: readonly PanelChannel[],
  action: string,
  error: DiscordError,
  nowMs: number,
): PanelChannel[] {
  if (channels.length === 0) return [];
  // Every member may read the guild, so missing access means that the bot is not a member.
  const isInGuild = error.code !== MISSING_ACCESS;
  const lastError = explainDiscordError(error, { action, isInGuild });
  const mostAttempts = channels.toSorted((a, b) => b.attempts - a.attempts)[0]!;
  const { attempts, limitedUntil, pausedUntil } = waitAfter(mostAttempts, error, [], nowMs);
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

/** Whether the other channels of the guild would fail in the same way, so that they are not tried now. */
export function concernsAll(error: DiscordError): boolean {
  return error.kind === 'unauthorized' || error.scope === 'global';
}

/** Whether the run ends: while Discord does not answer, every other channel would take the time of one more call. */
export function endsRun(error: DiscordError): boolean {
  return error.kind === 'unavailable' || concernsAll(error);
}

/** The state of another channel of the guild that was not tried. */
export function afterFailureOfAnother(channel: PanelChannel, failed: PanelChannel): PanelChannel {
  const { lastError, limitedUntil, pausedUntil } = failed;
  return { ...channel, lastError, limitedUntil, pausedUntil };
}

/**
 * A run ends at the first channel for which Discord does not answer, and each run tries another channel first. So the
 * pauses grow with the failures of all channels and end together: in an outage, runs become as rare as for a single
 * channel. The failures of another channel count at most as many as those of this one.
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
