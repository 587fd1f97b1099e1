const MAX_WAIT = 64;

/**
 * Chooses how a batch is written. COPY is fast, but fails as a whole if one event is stored already, and its work is
 * lost. So after such a failure, batches are inserted until enough of them had no duplicates. The required number
 * doubles with each failure of COPY.
 */
export class WritePath {
  /** Batches without duplicates that are still required before the next COPY. */
  private cleanBatchesRequired = 0;
  private wait = 1;

  get isCopy(): boolean {
    return this.cleanBatchesRequired === 0;
  }

  copied(): void {
    this.wait = Math.max(1, this.wait >> 1);
  }

  copyFoundDuplicate(): void {
    this.wait = Math.min(MAX_WAIT, 2 * this.wait);
    this.cleanBatchesRequired = this.wait;
  }

  inserted(duplicates: number): void {
    if (duplicates > 0) this.cleanBatchesRequired = this.wait;
    else if (this.cleanBatchesRequired > 0) this.cleanBatchesRequired--;
  }
}
