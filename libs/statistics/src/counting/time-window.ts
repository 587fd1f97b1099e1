/** A half-open period: includes `from` and excludes `to`. Unix milliseconds. */
export interface TimeWindow {
  from: number;
  to: number;
}
