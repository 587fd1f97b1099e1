import { DAY_MS, QUARTER_MS } from '#libs/statistics';
import type { TimeWindow } from '../window/window.js';

/** What totals tell of a window, and what is to be read from the events. Times are Unix milliseconds. */
export interface TotalsCoverage {
  /** Whole quarters whose totals are read, but for the exceptions. Undefined where there is no whole quarter. */
  totals?: TimeWindow;
  /** Quarters of that stretch whose totals are not as the events are, or that are to be divided. */
  exceptions: number[];
  /** Stretches whose events are read: the rest of the window, in order. */
  events: TimeWindow[];
}

/**
 * Divides a window between totals and events.
 *
 * @param marked quarters whose totals are not to be trusted
 * @param cuts moments at which counting starts anew; a quarter around one is read from its events
 */
export function coverByTotals(window: TimeWindow, marked: Iterable<number>, cuts: readonly number[]): TotalsCoverage {
  const totals = wholeBuckets(window, QUARTER_MS);
  if (totals === undefined) return { exceptions: [], events: window.from < window.to ? [window] : [] };
  const divided = cuts.filter((cut) => cut % QUARTER_MS !== 0).map((cut) => startOf(cut, QUARTER_MS));
  const exceptions = [...new Set([...marked, ...divided])]
    .filter((quarter) => quarter >= totals.from && quarter < totals.to)
    .toSorted((a, b) => a - b);
  const stretches = [
    { from: window.from, to: totals.from },
    ...exceptions.map((from) => ({ from, to: from + QUARTER_MS })),
    { from: totals.to, to: window.to },
  ];
  return { totals, exceptions, events: joined(stretches) };
}

/** What groups tell of a window. */
export interface GroupsCoverage {
  /** UTC days whose groups are read. */
  days: number[];
  /** Quarters beside those days whose groups may be read, where there are some. */
  quarters: Set<number>;
  /** The window without those days. */
  rest: TimeWindow[];
}

/**
 * Divides a window between groups of days, groups of busy quarters, and events.
 *
 * @param markedQuarters quarters whose groups are not to be trusted, nor those of their days
 * @param markedDays days whose groups are not to be trusted, though those of their quarters may be
 */
export function coverByGroups(
  window: TimeWindow,
  markedQuarters: ReadonlySet<number>,
  markedDays: ReadonlySet<number>,
): GroupsCoverage {
  const untrusted = new Set([...markedDays, ...[...markedQuarters].map((quarter) => startOf(quarter, DAY_MS))]);
  const days = bucketsIn(wholeBuckets(window, DAY_MS), DAY_MS).filter((day) => !untrusted.has(day));
  const rest = without(window, days, DAY_MS);
  const quarters = rest
    .flatMap((stretch) => bucketsIn(wholeBuckets(stretch, QUARTER_MS), QUARTER_MS))
    .filter((quarter) => !markedQuarters.has(quarter));
  return { days, quarters: new Set(quarters), rest };
}

/** The window without these buckets, which are in order. */
export function without(window: TimeWindow, buckets: readonly number[], length: number): TimeWindow[] {
  const stretches: TimeWindow[] = [];
  let from = window.from;
  for (const bucket of buckets) {
    if (bucket + length <= window.from || bucket >= window.to) continue;
    stretches.push({ from, to: bucket });
    from = bucket + length;
  }
  return [...stretches, { from, to: window.to }].filter((stretch) => stretch.from < stretch.to);
}

function wholeBuckets(window: TimeWindow, length: number): TimeWindow | undefined {
  const from = Math.ceil(window.from / length) * length;
  const to = startOf(window.to, length);
  return from < to ? { from, to } : undefined;
}

function bucketsIn(stretch: TimeWindow | undefined, length: number): number[] {
  if (stretch === undefined) return [];
  return Array.from({ length: (stretch.to - stretch.from) / length }, (_, index) => stretch.from + index * length);
}

function startOf(time: number, length: number): number {
  return Math.floor(time / length) * length;
}

/** Stretches in order, those that touch made one, empty ones left out. */
function joined(stretches: readonly TimeWindow[]): TimeWindow[] {
  const result: TimeWindow[] = [];
  for (const { from, to } of stretches) {
    if (from >= to) continue;
    const last = result.at(-1);
    if (last !== undefined && last.to === from) last.to = to;
    else result.push({ from, to });
  }
  return result;
}
