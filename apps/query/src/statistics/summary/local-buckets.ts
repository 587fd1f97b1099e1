import { offsetRanges } from './time-zone.js';
import type { TimeWindow } from '#libs/statistics';

export const INTERVALS = ['hour', 'day'] as const;
export type Interval = (typeof INTERVALS)[number];

const LENGTH_MS = { hour: 3_600_000, day: 86_400_000 } as const satisfies Record<Interval, number>;
/** The largest clock change to expect. A local day is at most this much longer than 24 hours. */
const LONGEST_CHANGE_MS = 86_400_000;

/**
 * The starts of the local days or hours that overlap a window, in Unix milliseconds. The first may be before the
 * window.
 *
 * A day starts at the first moment of its date: at 00:00 or, if the clocks skip midnight, at 01:00. An hour starts at
 * each full hour of local time, and when the clocks change into another hour. So an hour that is repeated in autumn is
 * two buckets, and an hour of which only half is repeated (Lord Howe Island) is one bucket of 90 minutes.
 */
export function localBuckets({ from, to }: TimeWindow, interval: Interval, timeZone: string): number[] {
  if (from >= to) return [];
  const length = LENGTH_MS[interval];
  const starts: number[] = [];
  let reached = -Infinity;
  let previousOffset: number | undefined;
  for (const { from: start, to: end, offset } of offsetRanges(timeZone, from - length - LONGEST_CHANGE_MS, to)) {
    const first = Math.floor((start + offset) / length);
    if (previousOffset !== undefined) {
      const before = Math.floor((start - 1 + previousOffset) / length);
      const hourBegins = first !== before || (start + offset) % length === 0;
      // A repeated hour is a new bucket; a repeated start of a day is not.
      if (interval === 'hour' ? hourBegins : first > reached) starts.push(start);
    }
    for (let local = first + 1; local * length - offset < end; local++) {
      if (interval === 'hour' || local > reached) starts.push(local * length - offset);
      reached = Math.max(reached, local);
    }
    reached = Math.max(reached, first);
    previousOffset = offset;
  }
  const firstInside = starts.findLastIndex((start) => start <= from);
  return starts.slice(firstInside).filter((start) => start < to);
}
