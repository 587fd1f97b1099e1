import { DAY_MS, BUCKET_MS, type TimeWindow } from '#libs/statistics';

export interface RetentionDays {
  eventDays: number;
  summaryDays: number;
}

/**
 * The period of the same length before a window; null if retention has deleted its data.
 *
 * If the events have been deleted but their totals have not, the period starts with the first whole 15-minute bucket.
 *
 * @param horizon events from after this time have not been deleted; Unix milliseconds
 * @param byTotals whether totals are sufficient; filters need events
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
  const from = Math.ceil(previous.from / BUCKET_MS) * BUCKET_MS;
  return from < previous.to ? { from, to: previous.to } : null;
}
