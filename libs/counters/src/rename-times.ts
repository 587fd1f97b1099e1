import type { PanelChannel } from './panel-channels.js';

/** Discord allows two renames of a channel in this time. */
export const RENAME_WINDOW_MS = 10 * 60_000;

/** When the channel may be renamed, in Unix milliseconds; what has passed means now. */
export function earliestRename(channel: PanelChannel): number {
  const { previouslyRenamedAt } = channel;
  const byBudget = previouslyRenamedAt === null ? 0 : previouslyRenamedAt.getTime() + RENAME_WINDOW_MS;
  return Math.max(byBudget, endOfWait(channel));
}

/** Until when Discord is not asked because of earlier failures, in Unix milliseconds; what has passed means now. */
export function endOfWait({ limitedUntil, pausedUntil }: PanelChannel): number {
  return Math.max(limitedUntil?.getTime() ?? 0, pausedUntil?.getTime() ?? 0);
}

/** The channel as it is while it is being renamed: stored before Discord is asked, the rename counts whatever follows. */
export function withRename(channel: PanelChannel, nowMs: number): PanelChannel {
  return { ...channel, previouslyRenamedAt: channel.lastRenamedAt, lastRenamedAt: new Date(nowMs) };
}

/** The channel after Discord has taken the name. The time of the answer counts, as Discord's own lies before it. */
export function afterRename(renamed: PanelChannel, name: string, nowMs: number): PanelChannel {
  const now = new Date(nowMs);
  return { ...afterSuccess(renamed), shownName: name, shownAt: now, lastRenamedAt: now };
}

/** The channel when its count is known: what came of not knowing it is over. */
export function withKnownCount(channel: PanelChannel): PanelChannel {
  return channel.countsUnread ? afterSuccess(channel) : channel;
}

/** Whether the channel bears the name that is known: after a rename without an answer, nobody knows which it has. */
export function isShown({ shownAt, lastRenamedAt }: PanelChannel): boolean {
  return lastRenamedAt === null || (shownAt !== null && shownAt.getTime() >= lastRenamedAt.getTime());
}

/** The channel when it shows what it should. */
export function afterSuccess(channel: PanelChannel): PanelChannel {
  return { ...channel, limitedUntil: null, pausedUntil: null, countsUnread: false, attempts: 0, lastError: null };
}
