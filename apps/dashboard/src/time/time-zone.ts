/** Local time in any IANA time zone, right over changes of the clocks. All instants are Unix milliseconds. */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export type Interval = 'hour' | 'day';

export interface LocalTime {
  year: number;
  /** 1 is January. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  /** 0 is Monday. */
  weekday: number;
}

export type LocalDay = Pick<LocalTime, 'year' | 'month' | 'day'>;

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Making a format is slow, so each is made once. */
const formats = new Map<string, Intl.DateTimeFormat>();

export function localTime(instant: number, timeZone: string): LocalTime {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  );
  return {
    year: Number(parts.year),
    month: Number(parts.month),
    day: Number(parts.day),
    hour: Number(parts.hour),
    minute: Number(parts.minute),
    weekday: WEEKDAYS.indexOf(parts.weekday ?? ''),
  };
}

/** When a local day starts. If the clocks skip midnight, it starts later. A day beyond the end of a month is the next month's. */
export function startOfDay({ year, month, day }: LocalDay, timeZone: string): number {
  const midnight = Date.UTC(year, month - 1, day);
  let instant = midnight;
  // The second round corrects the offset if the first one crossed a change of the clocks.
  for (let round = 0; round < 2; round++) {
    const at = localTime(instant, timeZone);
    instant += midnight - Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute);
  }
  return instant;
}

/** When a bucket of a series ends. A local day has 23, 24 or 25 hours. */
export function bucketEnd(start: number, interval: Interval, timeZone: string): number {
  // 26 hours later it is the next day, also on the longest day.
  return interval === 'hour' ? start + HOUR_MS : startOfDay(localTime(start + 26 * HOUR_MS, timeZone), timeZone);
}

export function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

export function browserTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(timeZone, format);
  }
  return format;
}
