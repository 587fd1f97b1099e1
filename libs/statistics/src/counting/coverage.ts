import { DAY_MS, BUCKET_MS } from '../rollups/buckets.js';
import type { TimeWindow } from './time-window.js';

/** How a window is read from totals and events. "Bucket" means a 15-minute bucket. Times are Unix milliseconds. */
export interface TotalsCoverage {
  /** The whole buckets whose totals are read, except `exceptions`. Undefined if the window has no whole bucket. */
  totals?: TimeWindow;
  /** Buckets in `totals` that are stale or contain a boundary. */
  exceptions: number[];
  /** The ranges whose events are read: the rest of the window, in order. */
  events: TimeWindow[];
}

/**
 * Divides a window between totals and events.
 *
 * @param stale buckets whose totals are out of date
 * @param boundaries times at which a new count starts. A bucket with a boundary inside is read from its events
 */
export function coverByTotals(
  window: TimeWindow,
  stale: Iterable<number>,
  boundaries: readonly number[],
): TotalsCoverage {
  const totals = wholeBuckets(window, BUCKET_MS);
  if (totals === undefined) return { exceptions: [], events: window.from < window.to ? [window] : [] };
  const divided = boundaries
    .filter((boundary) => boundary % BUCKET_MS !== 0)
    .map((boundary) => startOf(boundary, BUCKET_MS));
  const exceptions = [...new Set([...stale, ...divided])]
    .filter((bucket) => bucket >= totals.from && bucket < totals.to)
    .toSorted((a, b) => a - b);
  const ranges = [
    { from: window.from, to: totals.from },
    ...exceptions.map((from) => ({ from, to: from + BUCKET_MS })),
    { from: totals.to, to: window.to },
  ];
  return { totals, exceptions, events: joined(ranges) };
}

/** How a window is read from groups and events. */
export interface GroupsCoverage {
  /** UTC days whose groups are read. */
  days: number[];
  /** Buckets outside of those days that are not stale. Their groups are read if they have some. */
  buckets: Set<number>;
  /** The window without those days. */
  rest: TimeWindow[];
}

/**
 * Divides a window between groups of days, groups of buckets, and events.
 *
 * @param staleBuckets buckets whose groups, and those of their days, are out of date
 * @param staleDays days whose groups are out of date; those of their buckets may be up to date
 */
export function coverByGroups(
  window: TimeWindow,
  staleBuckets: ReadonlySet<number>,
  staleDays: ReadonlySet<number>,
): GroupsCoverage {
  const unusable = new Set([...staleDays, ...[...staleBuckets].map((bucket) => startOf(bucket, DAY_MS))]);
  const days = bucketsIn(wholeBuckets(window, DAY_MS), DAY_MS).filter((day) => !unusable.has(day));
  const rest = without(window, days, DAY_MS);
  const buckets = rest
    .flatMap((range) => bucketsIn(wholeBuckets(range, BUCKET_MS), BUCKET_MS))
    .filter((bucket) => !staleBuckets.has(bucket));
  return { days, buckets: new Set(buckets), rest };
}

/** The ranges of the window outside of these buckets, which must be in order. */
export function without(window: TimeWindow, buckets: readonly number[], length: number): TimeWindow[] {
  const ranges: TimeWindow[] = [];
  let from = window.from;
  for (const bucket of buckets) {
    if (bucket + length <= window.from || bucket >= window.to) continue;
    ranges.push({ from, to: bucket });
    from = bucket + length;
  }
  return [...ranges, { from, to: window.to }].filter((range) => range.from < range.to);
}

function wholeBuckets(window: TimeWindow, length: number): TimeWindow | undefined {
  const from = Math.ceil(window.from / length) * length;
  const to = startOf(window.to, length);
  return from < to ? { from, to } : undefined;
}

function bucketsIn(range: TimeWindow | undefined, length: number): number[] {
  if (range === undefined) return [];
  return Array.from({ length: (range.to - range.from) / length }, (_, index) => range.from + index * length);
}

function startOf(time: number, length: number): number {
  return Math.floor(time / length) * length;
}

/** Merges adjacent ranges, which must be in order, and removes empty ones. */
function joined(ranges: readonly TimeWindow[]): TimeWindow[] {
  const result: TimeWindow[] = [];
  for (const { from, to } of ranges) {
    if (from >= to) continue;
    const last = result.at(-1);
    if (last !== undefined && last.to === from) last.to = to;
    else result.push({ from, to });
  }
  return result;
}
