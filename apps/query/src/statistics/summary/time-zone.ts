import { DAY_MS } from '#libs/statistics';
import { tzOffset } from '@date-fns/tz';

const MINUTE_MS = 60_000;
/** Excludes offsets such as "+05:30", which newer runtimes accept as time zones. */
const NAME = /^[A-Za-z][\w+\-/]{0,63}$/;

/** The canonical name of an IANA time zone in any spelling; undefined if there is no such zone. */
export function parseTimeZone(name: string): string | undefined {
  if (!NAME.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** A time range in which the UTC offset of a zone is constant. */
export interface OffsetRange {
  /** Unix milliseconds. */
  from: number;
  to: number;
  /** Local time minus UTC, in milliseconds. */
  offset: number;
}

/**
 * The UTC offsets of a zone between two times, as adjacent ranges. Compares the offsets of days and then searches for
 * the minute of the change: no zone changes its clocks twice a day, but some do twice a month.
 */
export function offsetRanges(timeZone: string, from: number, to: number): OffsetRange[] {
  const offsetAt = (time: number) => tzOffset(timeZone, new Date(time)) * MINUTE_MS;
  const ranges: OffsetRange[] = [{ from, to, offset: offsetAt(from) }];
  for (let day = from; day < to; day += DAY_MS) {
    const next = Math.min(day + DAY_MS, to);
    const current = ranges.at(-1)!;
    const offset = offsetAt(next);
    if (offset === current.offset) continue;
    const change = firstMinute(day, next, (time) => offsetAt(time) === offset);
    current.to = change;
    if (change < to) ranges.push({ from: change, to, offset });
  }
  return ranges;
}

/** The first whole minute after `before` at which the condition holds; it holds at `after`. */
function firstMinute(before: number, after: number, holds: (time: number) => boolean): number {
  let [no, yes] = [Math.floor(before / MINUTE_MS), Math.ceil(after / MINUTE_MS)];
  while (yes - no > 1) {
    const middle = (no + yes) >> 1;
    if (holds(middle * MINUTE_MS)) yes = middle;
    else no = middle;
  }
  return yes * MINUTE_MS;
}
