import { offsetStretches } from './time-zone.js';
import type { TimeWindow } from '../window/window.js';

export const INTERVALS = ['hour', 'day'] as const;
export type Interval = (typeof INTERVALS)[number];

const LENGTH_MS = { hour: 3_600_000, day: 86_400_000 } as const satisfies Record<Interval, number>;
/** A local day is at most this much longer than a UTC day, whatever is done to its clocks. */
const LONGEST_CHANGE_MS = 86_400_000;

/**
 * The starts of the local days or hours that a window touches, in Unix milliseconds; the first may lie before it.
 *
 * A day starts at the first moment of its date, be that 00:00 or, where clocks skip midnight, 01:00. An hour starts
 * whenever the clocks strike a full hour, or are put into another one: the hour that is repeated in autumn is two
 * buckets, and the one of which only half is repeated (Lord Howe Island) is one of 90 minutes.
 */
export function localBuckets({ from, to }: TimeWindow, interval: Interval, timeZone: string): number[] {
  if (from >= to) return [];
  const length = LENGTH_MS[interval];
  const starts: number[] = [];
  let reached = -Infinity;
  let previousOffset: number | undefined;
  for (const { from: start, to: end, offset } of offsetStretches(timeZone, from - length - LONGEST_CHANGE_MS, to)) {
    const first = Math.floor((start + offset) / length);
    if (previousOffset !== undefined) {
      const before = Math.floor((start - 1 + previousOffset) / length);
      const hourBegins = first !== before || (start + offset) % length === 0;
      // What is repeated begins again if it is an hour; a day never does.
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
