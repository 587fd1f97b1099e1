import type { Collection, Measures, Summary } from '../api/types.js';
import { bucketEnd, type Interval } from '../time/time-zone.js';

/** From `from` up to `to`, in Unix milliseconds. */
export interface Span {
  from: number;
  to: number;
}

/**
 * What the count of a bucket stands for:
 * - `full`: all of the bucket
 * - `hole`: nothing, because nothing was collected
 * - `part`: collection was on for a part of the bucket
 * - `cut`: the window contains a part of the bucket
 * - `running`: the bucket has not ended yet
 */
export type SegmentState = 'full' | 'hole' | 'part' | 'cut' | 'running';

/** A bucket of a series. */
export interface Segment {
  start: number;
  end: number;
  count: number;
  state: SegmentState;
  measures: Measures | null;
}

/** Shorter gaps are restarts of collection and not holes. */
const SHORTEST_HOLE_MS = 60_000;
/** Shares of a bucket that count as none and as all. */
const NOTHING = 0.001;
const EVERYTHING = 0.999;

export function windowOf({ from, to }: { from: string; to: string }): Span {
  return { from: Date.parse(from), to: Date.parse(to) };
}

/** The periods in which a kind was collected. */
export function collectedOf(collection: Collection | undefined, kind: string): Span[] {
  return collection?.kinds.find((one) => one.kind === kind)?.collected.map(windowOf) ?? [];
}

/** How long a period overlaps with spans that do not overlap each other. In milliseconds. */
export function overlap(spans: readonly Span[], { from, to }: Span): number {
  return spans.reduce((sum, span) => sum + Math.max(0, Math.min(to, span.to) - Math.max(from, span.from)), 0);
}

/** The parts of a window in which nothing was collected. */
export function holesIn({ from, to }: Span, collected: readonly Span[]): Span[] {
  const holes: Span[] = [];
  let reached = from;
  const add = (end: number) => {
    if (end - reached > SHORTEST_HOLE_MS) holes.push({ from: reached, to: end });
  };
  for (const span of collected.toSorted((a, b) => a.from - b.from)) {
    add(span.from);
    reached = Math.max(reached, span.to);
  }
  add(to);
  return holes;
}

export interface SeriesOptions {
  interval: Interval;
  timeZone: string;
  /** Whether the window ends now. */
  isLive: boolean;
}

export function segmentsOf(summary: Summary, collected: readonly Span[], options: SeriesOptions): Segment[] {
  const window = windowOf(summary);
  const starts = summary.series.map(({ bucket }) => Date.parse(bucket));
  return summary.series.map(({ count, stats = null }, index) => {
    const start = starts[index]!;
    const end = starts[index + 1] ?? bucketEnd(start, options.interval, options.timeZone);
    const state = stateOf({ from: start, to: end }, { window, collected, count, isLive: options.isLive });
    return { start, end, count, state, measures: stats };
  });
}

interface BucketFacts {
  window: Span;
  collected: readonly Span[];
  count: number;
  isLive: boolean;
}

function stateOf(bucket: Span, { window, collected, count, isLive }: BucketFacts): SegmentState {
  const inside = { from: Math.max(bucket.from, window.from), to: Math.min(bucket.to, window.to) };
  const share = overlap(collected, inside) / (inside.to - inside.from);
  // Events that were collected before the settings were recorded are not hidden.
  if (share < NOTHING && count === 0) return 'hole';
  if (isLive && bucket.to > window.to) return 'running';
  if (share < EVERYTHING) return 'part';
  return inside.from > bucket.from || inside.to < bucket.to ? 'cut' : 'full';
}

/** The mean of the buckets that were counted in full; null if there are none. */
export function meanOf(segments: readonly Segment[]): number | null {
  const full = segments.filter(({ state }) => state === 'full');
  return full.length === 0 ? null : full.reduce((sum, { count }) => sum + count, 0) / full.length;
}
