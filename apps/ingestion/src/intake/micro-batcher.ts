/** An item of a batch. */
export interface BatchItem {
  /** The number of events that it counts as. */
  weight: number;
  /** It is handled in a separate batch, while no other batch is handled. */
  alone: boolean;
}

export interface MicroBatcherOptions<T extends BatchItem> {
  /** A batch is complete with this many events. */
  size: number;
  /** The first item of a batch waits at most this long, in milliseconds. */
  maxAgeMs: number;
  /** The maximum number of concurrent batches. @defaultValue 1 */
  atOnce?: number;
  /**
   * Handles one batch. Batches start in the order of their items. Must not throw.
   *
   * @param previous resolves when the batches before this one are done
   */
  handle(batch: T[], previous: Promise<void>): Promise<void>;
}

/**
 * Collects items into batches by size or age, whichever is reached first, and has one or a few batches handled at a
 * time. Meanwhile the next batch is collected. The age counts from a batch's first item, so later items do not delay
 * it.
 */
export class MicroBatcher<T extends BatchItem> {
  private waiting: { item: T; since: number }[] = [];
  private weight = 0;
  private timer?: NodeJS.Timeout;
  private due = false;
  private draining = false;
  private working = 0;
  private workingAlone = false;
  /** Resolves when all started batches are done. */
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly options: MicroBatcherOptions<T>) {}

  push(item: T): void {
    this.waiting.push({ item, since: performance.now() });
    this.weight += item.weight;
    // Items before one that is handled alone cannot get more company, so they are due at once.
    if (this.weight >= this.options.size || item.alone) this.due = true;
    this.timer ??= this.startTimer(this.options.maxAgeMs);
    if (this.due) this.work();
  }

  /** Handles all waiting items at once. Resolves when none is left. */
  async drain(): Promise<void> {
    this.draining = true;
    this.work();
    while (this.working > 0) await this.last;
  }

  /** Discards waiting items. Batches that are being handled continue. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = [];
    this.weight = 0;
    this.due = false;
  }

  private work(): void {
    while (this.waiting.length > 0 && (this.due || this.draining) && this.mayStart()) {
      clearTimeout(this.timer);
      this.timer = undefined;
      const batch = this.takeBatch();
      this.due = this.weight >= this.options.size || this.waiting.some(({ item }) => item.alone);
      if (this.waiting.length > 0 && !this.due) {
        const age = performance.now() - this.waiting[0]!.since;
        this.timer = this.startTimer(Math.max(0, this.options.maxAgeMs - age));
      }
      this.start(batch);
    }
  }

  private startTimer(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.due = true;
      this.work();
    }, ms);
  }

  private mayStart(): boolean {
    if (this.working === 0) return true;
    return !this.workingAlone && !this.waiting[0]!.item.alone && this.working < (this.options.atOnce ?? 1);
  }

  private start(batch: T[]): void {
    this.working++;
    this.workingAlone = batch[0]!.alone;
    const previous = this.last;
    const done = this.options.handle(batch, previous).finally(() => {
      this.working--;
      this.workingAlone = false;
      this.work();
    });
    this.last = Promise.all([previous, done]).then(() => undefined);
  }

  private takeBatch(): T[] {
    let count = 0;
    let weight = 0;
    for (const { item } of this.waiting) {
      if (item.alone && count > 0) break;
      count++;
      weight += item.weight;
      if (item.alone || weight >= this.options.size) break;
    }
    this.weight -= weight;
    return this.waiting.splice(0, count).map(({ item }) => item);
  }
}
