import type { TimeWindow } from '#libs/statistics';

/** Intervals that are ordered, not empty, and do not overlap or touch. */
export type Intervals = readonly TimeWindow[];

/** The union of any intervals. They may overlap, be empty and be in any order. */
export function union(intervals: readonly TimeWindow[]): Intervals {
  const merged: TimeWindow[] = [];
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    if (from >= to) continue;
    const last = merged.at(-1);
    if (last === undefined || from > last.to) merged.push({ from, to });
    else last.to = Math.max(last.to, to);
  }
  return merged;
}

export function intersection(a: Intervals, b: Intervals): Intervals {
  const common: TimeWindow[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [one, other] = [a[i]!, b[j]!];
    const from = Math.max(one.from, other.from);
    const to = Math.min(one.to, other.to);
    if (from < to) common.push({ from, to });
    if (one.to < other.to) i++;
    else j++;
  }
  return common;
}
