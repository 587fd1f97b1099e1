/** Totals are kept by quarters of an hour: every time zone in use begins its days and hours at one. */
export const QUARTER_MS = 15 * 60_000;
/** Groups are kept by UTC days. */
export const DAY_MS = 86_400_000;

/** `span` of a row of `statistic_groups` and of a mark: the minutes that its bucket covers. */
export const SPANS = { quarter: 15, day: 1440 } as const;

/** A bucket settles this long after its end: most events have arrived by then, so that it is computed once. */
export const SETTLING_MS = 60_000;
