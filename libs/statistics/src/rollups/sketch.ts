/**
 * The distribution of delays, as counts in buckets whose bounds grow by a constant factor (the scheme of DDSketch:
 * Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch", VLDB 2019). Bucket i holds the values in
 * (g^(i-1), g^i]; whatever the value in it, the middle is at most {@link RELATIVE_ERROR} away. Zero has a bucket of its
 * own. Sketches are merged by adding counts, so those of quarters make those of days.
 */
export const RELATIVE_ERROR = 0.01;

const GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GROWTH = Math.log(GROWTH);
/** 1 microsecond, the smallest delay but zero, has index 0. */
const ZERO_INDEX = -1;

/** The bucket of an expression that holds microseconds, or null; `smallint` in SQL. */
export function sketchIndexSql(value: string): string {
  return `(CASE WHEN ${value} > 0 THEN ceil(ln((${value})::float8) / ${LOG_GROWTH}) WHEN ${value} = 0 THEN ${ZERO_INDEX} END)::smallint`;
}

/** What a value in this bucket is taken for, in microseconds. */
export function sketchValue(index: number): number {
  return index === ZERO_INDEX ? 0 : (2 * GROWTH ** index) / (GROWTH + 1);
}

/** A value of this many microseconds belongs into this bucket. */
export function sketchIndex(value: number): number {
  return value === 0 ? ZERO_INDEX : Math.ceil(Math.log(value) / LOG_GROWTH);
}
