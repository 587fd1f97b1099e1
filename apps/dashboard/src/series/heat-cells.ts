import { HOUR_MS, localTime } from '../time/time-zone.js';
import { overlap, type Segment, type Span } from './segments.js';

/** An hour of the week. */
export interface HeatCell {
  /** 0 is Monday. */
  weekday: number;
  hour: number;
  /** Events an hour. Null if it was not collected. */
  mean: number | null;
}

const HOURS_OF_WEEK = 7 * 24;
/** In hours. A mean over less time is not shown. */
const SHORTEST = 0.5;

/**
 * The mean of each hour of the week, over the hours that were collected: a hole does not make an hour look quiet.
 *
 * @param hours the segments of a series by the hour
 * @param window where the series ends, so that an hour that is running does not count in full
 */
export function heatCells(
  hours: readonly Segment[],
  collected: readonly Span[],
  window: Span,
  timeZone: string,
): HeatCell[] {
  const sums = Array.from({ length: HOURS_OF_WEEK }, () => ({ count: 0, hours: 0 }));
  for (const { start, end, count } of hours) {
    const { weekday, hour } = localTime(start, timeZone);
    const sum = sums[weekday * 24 + hour]!;
    const inside = { from: Math.max(start, window.from), to: Math.min(end, window.to) };
    sum.count += count;
    sum.hours += overlap(collected, inside) / HOUR_MS;
  }
  return sums.map((sum, index) => ({
    weekday: Math.floor(index / 24),
    hour: index % 24,
    mean: sum.hours < SHORTEST ? null : sum.count / sum.hours,
  }));
}

/** The cell with the largest mean; undefined if there are no events. */
export function busiestOf(cells: readonly HeatCell[]): (HeatCell & { mean: number }) | undefined {
  const counted = cells.filter((cell): cell is HeatCell & { mean: number } => cell.mean !== null && cell.mean > 0);
  return counted.toSorted((a, b) => b.mean - a.mean)[0];
}
