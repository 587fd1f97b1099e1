import type { PanelChannel } from '#libs/database';
import { explainDiscordError, TO_CHANGE_VOICE, type DiscordError, type DiscordPermission } from '#libs/discord';

const MINUTE_MS = 60_000;

interface Pauses {
  firstMs: number;
  longestMs: number;
}

/** For what somebody has to put right. */
const REFUSED: Pauses = { firstMs: 10 * MINUTE_MS, longestMs: 180 * MINUTE_MS };
/** For what passes. */
const UNAVAILABLE: Pauses = { firstMs: MINUTE_MS / 2, longestMs: 10 * MINUTE_MS };

export interface FailedRename {
  /** As it was before. */
  channel: PanelChannel;
  /** With the rename counted. */
  renamed: PanelChannel;
  error: DiscordError;
  /** What the bot is known to lack. */
  lacking?: readonly DiscordPermission[];
  nowMs: number;
}

/** The channel after a rename that failed: why, and when to try again. */
export function afterFailure({ channel, renamed, error, lacking, nowMs }: FailedRename): PanelChannel {
  const { channelId } = channel;
  const needed = lacking?.length ? lacking : TO_CHANGE_VOICE;
  const lastError = explainDiscordError(error, { action: 'rename the channel', channelId, needed });
  const counted = { ...(error.mayHaveBeenDone ? renamed : channel), lastError };
  switch (error.kind) {
    case 'rate_limited':
      return { ...counted, limitedUntil: new Date(nowMs + error.retryAfterMs!) };
    case 'unauthorized':
      return { ...counted, limitedUntil: null, pausedUntil: null };
    case 'unavailable':
      return withPause(counted, UNAVAILABLE, nowMs);
    default:
      return withPause(counted, REFUSED, nowMs);
  }
}

/** Whether the other channels of the guild would fare the same, so that they are not tried now. */
export function concernsAll(error: DiscordError): boolean {
  return error.kind === 'unavailable' || error.kind === 'unauthorized' || error.scope === 'global';
}

/** Another channel of the guild, which was not tried. */
export function afterFailureOfAnother(channel: PanelChannel, failed: PanelChannel): PanelChannel {
  const { lastError, limitedUntil, pausedUntil } = failed;
  return { ...channel, lastError, limitedUntil, pausedUntil };
}

/** Pauses double, and lie apart by a fifth, so that what failed together does not come together again. */
function withPause(channel: PanelChannel, { firstMs, longestMs }: Pauses, nowMs: number): PanelChannel {
  const attempts = channel.attempts + 1;
  const pauseMs = Math.min(firstMs * 2 ** Math.min(attempts - 1, 20), longestMs) * (0.9 + Math.random() / 5);
  return { ...channel, attempts, pausedUntil: new Date(nowMs + pauseMs) };
}
