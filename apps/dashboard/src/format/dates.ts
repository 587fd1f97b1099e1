/** Dates as the browser's locale writes them. All instants are Unix milliseconds. */

import { DAY_MS, type Interval } from '../time/time-zone.js';

const STYLES = {
  day: { weekday: 'short', day: 'numeric', month: 'short' },
  hour: { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  time: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  instant: {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  },
  range: { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
  tickDay: { day: 'numeric', month: 'short' },
  tickHour: { hour: '2-digit', minute: '2-digit' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

type DateStyle = keyof typeof STYLES;

/** Making a format is slow, so each is made once. */
const formats = new Map<string, Intl.DateTimeFormat>();

export function formatDate(instant: number, style: DateStyle, timeZone: string): string {
  return formatOf(style, timeZone).format(instant);
}

export function formatRange(from: number, to: number, timeZone: string): string {
  return formatOf('range', timeZone).formatRange(from, to);
}

/** The start of a bucket, as precise as its interval. */
export function formatBucket(start: number, interval: Interval, timeZone: string): string {
  return formatDate(start, interval, timeZone);
}

/** From Monday to Sunday. */
export function weekdayNames(width: 'short' | 'long'): string[] {
  const format = new Intl.DateTimeFormat(undefined, { weekday: width, timeZone: 'UTC' });
  const aMonday = Date.UTC(2024, 0, 1);
  return Array.from({ length: 7 }, (_, day) => format.format(aMonday + day * DAY_MS));
}

function formatOf(style: DateStyle, timeZone: string): Intl.DateTimeFormat {
  const key = `${style} ${timeZone}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(undefined, { ...STYLES[style], timeZone, hourCycle: 'h23' });
    formats.set(key, format);
  }
  return format;
}
