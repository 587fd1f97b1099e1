/**
 * The length of a bucket of totals: 15 minutes. In every time zone in use, days and hours begin at a multiple of it.
 */
export const BUCKET_MS = 15 * 60_000;
/** The length of a bucket of groups: a UTC day. */
export const DAY_MS = 86_400_000;

/** Minutes of a bucket: `span` in `statistic_groups` and `statistic_rollup_pending`. */
export const SPANS = { bucket: 15, day: 1440 } as const;

/** A bucket settles this long after its end. Most events have arrived by then, so that it is computed only once. */
export const SETTLING_MS = 60_000;
