/** How many events of a batch had which outcome. */
export interface WriteOutcome {
  stored: number;
  /** Stored before, or repeated in the batch. */
  duplicate: number;
  /** Excluded by the guild's settings or an erasure. */
  unwanted: number;
}

export const NOTHING_WRITTEN: WriteOutcome = { stored: 0, duplicate: 0, unwanted: 0 };

/** The outcomes of a batch: of claimed kinds, whose duplicates COPY never meets, and of all others. */
export interface BatchOutcome {
  plain: WriteOutcome;
  claimed: WriteOutcome;
}

export function together({ plain, claimed }: BatchOutcome): WriteOutcome {
  return {
    stored: plain.stored + claimed.stored,
    duplicate: plain.duplicate + claimed.duplicate,
    unwanted: plain.unwanted + claimed.unwanted,
  };
}
