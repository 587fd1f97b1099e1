import { DAY_MS, QUARTER_MS } from '#libs/statistics';
import type { TimeWindow } from './window.js';

export interface RetentionDays {
  eventDays: number;
  summaryDays: number;
}

/**
 * The period of the same length before a window, as far as it can be counted; null where the retention has taken it.
 *
 * Where the events are gone but their totals are not, it begins with the first whole quarter of an hour: there is
 * nothing left that tells parts of one.
 *
 * @param horizon no event from after that moment was dropped; Unix milliseconds
 * @param byTotals whether totals can tell what is asked for; filters need the events
 */
export function previousWindow(
  window: TimeWindow,
  now: number,
  retention: RetentionDays,
  horizon: number,
  byTotals: boolean,
): TimeWindow | null {
  const previous = { from: window.from - (window.to - window.from), to: window.from };
  if (previous.from === previous.to) return null;
  if (previous.from >= Math.max(now - retention.eventDays * DAY_MS, horizon)) return previous;
  if (!byTotals || previous.from < now - retention.summaryDays * DAY_MS) return null;
  const from = Math.ceil(previous.from / QUARTER_MS) * QUARTER_MS;
  return from < previous.to ? { from, to: previous.to } : null;
}
