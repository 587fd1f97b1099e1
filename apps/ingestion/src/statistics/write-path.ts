const LONGEST_WAIT = 64;

/**
 * Chooses how a batch is written. COPY is fast, but fails as a whole where one event is stored already; what it wrote
 * until then is wasted. So after such a failure the careful way is taken, until batches without duplicates say that
 * the stretch is over. A publisher that sends everything twice makes that longer each time.
 */
export class WritePath {
  /** Batches without a duplicate that are still wanted before the next COPY. */
  private cleanBatchesWanted = 0;
  private wait = 1;

  get isCopy(): boolean {
    return this.cleanBatchesWanted === 0;
  }

  copied(): void {
    this.wait = Math.max(1, this.wait >> 1);
  }

  copyFoundDuplicate(): void {
    this.wait = Math.min(LONGEST_WAIT, 2 * this.wait);
    this.cleanBatchesWanted = this.wait;
  }

  inserted(duplicates: number): void {
    if (duplicates > 0) this.cleanBatchesWanted = this.wait;
    else if (this.cleanBatchesWanted > 0) this.cleanBatchesWanted--;
  }
}
