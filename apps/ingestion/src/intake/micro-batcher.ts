/** Something that waits to be handled in a batch. */
export interface BatchItem {
  /** How many events it counts for. */
  weight: number;
  /** It is handled in a batch of its own, while no other batch is. */
  alone: boolean;
}

export interface MicroBatcherOptions<T extends BatchItem> {
  /** A batch is complete with this many events. */
  size: number;
  /** The first item of a batch waits at most this long, in milliseconds. */
  maxAgeMs: number;
  /** So many batches are handled at once. @defaultValue 1 */
  atOnce?: number;
  /**
   * Handles one batch; batches begin in the order of their items. Must not throw.
   *
   * @param previous resolves when the batches before this one are done
   */
  handle(batch: T[], previous: Promise<void>): Promise<void>;
}

/**
 * Collects items to batches by size or age, whichever comes first, and has one batch (or a few) handled at a time.
 * Meanwhile the next fills up. The age counts from a batch's first item: later items do not put it off.
 */
export class MicroBatcher<T extends BatchItem> {
  private waiting: { item: T; since: number }[] = [];
  private weight = 0;
  private timer?: NodeJS.Timeout;
  private due = false;
  private draining = false;
  private working = 0;
  private workingAlone = false;
  /** Resolves when all batches that have begun are done. */
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly options: MicroBatcherOptions<T>) {}

  push(item: T): void {
    this.waiting.push({ item, since: performance.now() });
    this.weight += item.weight;
    // What stands before a suspect goes at once: it can get no company any more.
    if (this.weight >= this.options.size || item.alone) this.due = true;
    this.timer ??= this.startTimer(this.options.maxAgeMs);
    if (this.due) this.work();
  }

  /** Handles all that waits, without waiting for more. Resolves when nothing is left. */
  async drain(): Promise<void> {
    this.draining = true;
    this.work();
    while (this.working > 0) await this.last;
  }

  /** Forgets what waits; a batch that is being handled goes on. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = [];
    this.weight = 0;
    this.due = false;
  }

  private work(): void {
    while (this.waiting.length > 0 && (this.due || this.draining) && this.mayBegin()) {
      clearTimeout(this.timer);
      this.timer = undefined;
      const batch = this.takeBatch();
      this.due = this.weight >= this.options.size || this.waiting.some(({ item }) => item.alone);
      if (this.waiting.length > 0 && !this.due) {
        const age = performance.now() - this.waiting[0]!.since;
        this.timer = this.startTimer(Math.max(0, this.options.maxAgeMs - age));
      }
      this.begin(batch);
    }
  }

  private startTimer(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.due = true;
      this.work();
    }, ms);
  }

  private mayBegin(): boolean {
    if (this.working === 0) return true;
    return !this.workingAlone && !this.waiting[0]!.item.alone && this.working < (this.options.atOnce ?? 1);
  }

  private begin(batch: T[]): void {
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
