/** What became of the events of a batch. */
export interface WriteOutcome {
  stored: number;
  /** They were stored before, or are twice in the batch. */
  duplicate: number;
  /** The guild's settings or an erasure say otherwise. */
  unwanted: number;
}
