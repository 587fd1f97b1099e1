/** How many events of a batch had which outcome. */
export interface WriteOutcome {
  stored: number;
  /** Stored before, or repeated in the batch. */
  duplicate: number;
  /** Excluded by the guild's settings or an erasure. */
  unwanted: number;
}
