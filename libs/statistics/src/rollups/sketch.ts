/**
 * The distribution of delays, as counts in bins whose bounds grow by a constant factor (DDSketch: Masson, Rim, Lee:
 * "DDSketch: a fast and fully-mergeable quantile sketch", VLDB 2019). Bin i holds the values in (g^(i-1), g^i]. Its
 * middle differs from each of these values by at most {@link RELATIVE_ERROR}. Zero has a bin of its own. Sketches are
 * merged by adding counts, so those of 15-minute buckets add up to days.
 */
export const RELATIVE_ERROR = 0.01;

const GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GROWTH = Math.log(GROWTH);
/** The smallest positive delay, 1 microsecond, has index 0. */
const ZERO_INDEX = -1;

/** SQL for the bin (`smallint`) of an expression in microseconds. Null for null. */
export function sketchIndexSql(value: string): string {
  return `(CASE WHEN ${value} > 0 THEN ceil(ln((${value})::float8) / ${LOG_GROWTH}) WHEN ${value} = 0 THEN ${ZERO_INDEX} END)::smallint`;
}

/** The estimated value of a delay in this bin, in microseconds. */
export function sketchValue(index: number): number {
  return index === ZERO_INDEX ? 0 : (2 * GROWTH ** index) / (GROWTH + 1);
}

/** The bin of a value in microseconds. */
export function sketchIndex(value: number): number {
  return value === 0 ? ZERO_INDEX : Math.ceil(Math.log(value) / LOG_GROWTH);
}
