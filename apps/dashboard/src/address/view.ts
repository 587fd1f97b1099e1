import { browserTimeZone, DAY_MS, isTimeZone, startOfDay, type Interval, type LocalDay } from '../time/time-zone.js';

/** What a statistics page shows. All of it is in the address, so that a shared address shows the same. */
export interface View {
  /** The last days up to now. Null if there is a `from`. */
  days: number | null;
  /** The start of a period: a local day (YYYY-MM-DD) or an instant (ISO 8601 with offset). Empty if there are `days`. */
  from: string;
  /** The end of a period: the last local day, or an instant (exclusive). Empty: up to now. */
  to: string;
  /** Null: it depends on the length of the window. */
  interval: Interval | null;
  timeZone: string;
  /** The `group_by` of a kind's page. Null: the first one that the kind has. */
  group: string | null;
  /** The kind whose chart the overview shows. Null: the first one. */
  kind: string | null;
}

const MAX_DAYS = 30;
/** The longest period, in days. The API has the same limit. */
export const MAX_PERIOD_DAYS = 31;
const DEFAULT_DAYS = 7;
/** Longer windows have days by default. */
const MAX_DAYS_OF_HOURS = 8;

const DAY_PATTERN = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT_PATTERN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Reads the query string of an address. Values that make no sense are replaced by defaults. */
export function parseView(search: string): View {
  const query = new URLSearchParams(search);
  // URLSearchParams reads the sign of an offset as a space.
  const time = (name: string) => {
    const text = (query.get(name) ?? '').replace(' ', '+');
    return isTime(text) ? text : '';
  };
  const from = time('from');
  const timeZone = query.get('tz') ?? '';
  const interval = query.get('interval');
  return {
    days: from === '' ? daysOf(query.get('days')) : null,
    from,
    to: from === '' ? '' : time('to'),
    interval: interval === 'hour' || interval === 'day' ? interval : null,
    timeZone: isTimeZone(timeZone) ? timeZone : browserTimeZone(),
    group: query.get('group'),
    kind: query.get('kind'),
  };
}

/** The query string of a view, with a leading `?`. It always has the time zone, because that of another browser differs. */
export function searchOf(view: View): string {
  const query = new URLSearchParams();
  if (view.days === null) {
    query.set('from', view.from);
    if (view.to !== '') query.set('to', view.to);
  } else {
    query.set('days', String(view.days));
  }
  if (view.interval !== null) query.set('interval', view.interval);
  query.set('tz', view.timeZone);
  if (view.group !== null) query.set('group', view.group);
  if (view.kind !== null) query.set('kind', view.kind);
  return `?${query.toString().replaceAll('%2F', '/').replaceAll('%3A', ':')}`;
}

/** The window as requests have it. */
export function windowQuery(view: View): Record<string, string> {
  if (view.days !== null) return { days: String(view.days) };
  const { from, to } = period(view);
  return { from: new Date(from).toISOString(), ...(to !== undefined && { to: new Date(to).toISOString() }) };
}

/** Whether the window ends now, so that its counts grow. */
export function isLive(view: View, now: number): boolean {
  if (view.days !== null) return true;
  const { to } = period(view);
  return to === undefined || to > now;
}

export function intervalOf(view: View, now: number): Interval {
  if (view.interval !== null) return view.interval;
  const { from, to = now } = view.days === null ? period(view) : { from: now - view.days * DAY_MS };
  return to - from > MAX_DAYS_OF_HOURS * DAY_MS ? 'day' : 'hour';
}

function period({ from, to, timeZone }: View): { from: number; to?: number } {
  const start = DAY_PATTERN.test(from) ? startOfDay(dayOf(from), timeZone) : Date.parse(from);
  if (to === '') return { from: start };
  const last = dayOf(to);
  const end = DAY_PATTERN.test(to) ? startOfDay({ ...last, day: last.day + 1 }, timeZone) : Date.parse(to);
  return { from: start, to: end };
}

function dayOf(text: string): LocalDay {
  const [year, month, day] = text.split('-').map(Number) as [number, number, number];
  return { year, month, day };
}

function isTime(text: string): boolean {
  return (DAY_PATTERN.test(text) || INSTANT_PATTERN.test(text)) && !Number.isNaN(Date.parse(text));
}

function daysOf(text: string | null): number {
  const days = Number(text ?? DEFAULT_DAYS);
  return Number.isInteger(days) && days >= 1 && days <= MAX_DAYS ? days : DEFAULT_DAYS;
}
