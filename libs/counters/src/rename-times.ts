import type { PanelChannel } from './panel-channels.js';

/** Discord allows two renames of a channel in this time. */
export const RENAME_WINDOW_MS = 10 * 60_000;

/** What a channel shows. */
export interface ShownCounter {
  name: string;
  /** The number in the name; null for a counter with several. */
  value: string | null;
}

/** The earliest time of a rename, in Unix milliseconds. A time in the past means now. */
export function earliestRename(channel: PanelChannel): number {
  const { previouslyRenamedAt } = channel;
  const byBudget = previouslyRenamedAt === null ? 0 : previouslyRenamedAt.getTime() + RENAME_WINDOW_MS;
  return Math.max(byBudget, endOfWait(channel));
}

/** The end of pauses after failures, in Unix milliseconds. A time in the past means now. */
export function endOfWait({ limitedUntil, pausedUntil }: PanelChannel): number {
  return Math.max(limitedUntil?.getTime() ?? 0, pausedUntil?.getTime() ?? 0);
}

/** The state during a rename. It is stored before the call to Discord, so that the rename counts whatever happens. */
export function withRename(channel: PanelChannel, nowMs: number): PanelChannel {
  return { ...channel, previouslyRenamedAt: channel.lastRenamedAt, lastRenamedAt: new Date(nowMs) };
}

/** The state after a rename. The time of the answer is used, because Discord's own time is earlier. */
export function afterRename(renamed: PanelChannel, { name, value }: ShownCounter, nowMs: number): PanelChannel {
  const now = new Date(nowMs);
  return { ...afterSuccess(renamed), shownName: name, shownValue: value, shownAt: now, lastRenamedAt: now };
}

/** The state when the count is known. Ends a pause that was caused by an unread count. */
export function withKnownCount(channel: PanelChannel): PanelChannel {
  return channel.countsUnread ? afterSuccess(channel) : channel;
}

/** Whether the stored name is what the channel shows. After a rename without an answer, that is unknown. */
export function isShown({ shownAt, lastRenamedAt }: PanelChannel): boolean {
  return lastRenamedAt === null || (shownAt !== null && shownAt.getTime() >= lastRenamedAt.getTime());
}

/** The state when the channel shows its counter. */
export function afterSuccess(channel: PanelChannel): PanelChannel {
  return { ...channel, limitedUntil: null, pausedUntil: null, countsUnread: false, attempts: 0, lastError: null };
}
