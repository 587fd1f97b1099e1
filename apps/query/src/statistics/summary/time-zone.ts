import { DAY_MS } from '#libs/statistics';
import { tzOffset } from '@date-fns/tz';

const MINUTE_MS = 60_000;
/** Offsets such as "+05:30" are no names, though newer runtimes take them. */
const NAME = /^[A-Za-z][\w+\-/]{0,63}$/;

/** The canonical name of an IANA time zone that came in any spelling, or undefined for what is none. */
export function parseTimeZone(name: string): string | undefined {
  if (!NAME.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** A stretch of time in which the clocks of a zone are not changed; the next begins where it ends. */
export interface OffsetStretch {
  /** Unix milliseconds. */
  from: number;
  to: number;
  /** Local time minus UTC, in milliseconds. */
  offset: number;
}

/**
 * How far the clocks of a zone are from UTC between two moments. Compares the days, then looks for the minute: no zone
 * changes its clocks twice a day, but some do twice a month.
 */
export function offsetStretches(timeZone: string, from: number, to: number): OffsetStretch[] {
  const offsetAt = (time: number) => tzOffset(timeZone, new Date(time)) * MINUTE_MS;
  const stretches: OffsetStretch[] = [{ from, to, offset: offsetAt(from) }];
  for (let day = from; day < to; day += DAY_MS) {
    const next = Math.min(day + DAY_MS, to);
    const current = stretches.at(-1)!;
    const offset = offsetAt(next);
    if (offset === current.offset) continue;
    const change = firstMinute(day, next, (time) => offsetAt(time) === offset);
    current.to = change;
    if (change < to) stretches.push({ from: change, to, offset });
  }
  return stretches;
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
