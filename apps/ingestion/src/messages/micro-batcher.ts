/** Something that waits to be handled in a batch. */
export interface BatchItem {
  /** How many events it counts for. */
  weight: number;
  /** It is handled in a batch of its own. */
  alone: boolean;
}

export interface MicroBatcherOptions<T extends BatchItem> {
  /** A batch is complete with this many events. */
  size: number;
  /** The first item of a batch waits at most this long, in milliseconds. */
  maxAgeMs: number;
  /** Handles one batch; batches follow one another, in the order of their items. Must not throw. */
  handle(batch: T[]): Promise<void>;
}

/**
 * Collects items to batches by size or age, whichever comes first, and has one batch handled at a time. While one is
 * being handled the next fills up. The age counts from a batch's first item: later items do not put it off.
 */
export class MicroBatcher<T extends BatchItem> {
  private waiting: T[] = [];
  private weight = 0;
  private timer?: NodeJS.Timeout;
  private due = false;
  private draining = false;
  private working?: Promise<void>;

  constructor(private readonly options: MicroBatcherOptions<T>) {}

  push(item: T): void {
    this.waiting.push(item);
    this.weight += item.weight;
    // What stands before a suspect goes at once: it can get no company any more.
    if (this.weight >= this.options.size || item.alone) this.due = true;
    this.timer ??= setTimeout(() => {
      this.due = true;
      this.work();
    }, this.options.maxAgeMs);
    if (this.due) this.work();
  }

  /** Handles all that waits, without waiting for more. Resolves when nothing is left. */
  async drain(): Promise<void> {
    this.draining = true;
    this.work();
    while (this.working !== undefined) await this.working;
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
    if (this.working !== undefined || this.waiting.length === 0) return;
    if (!this.due && !this.draining) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.takeBatch();
    this.due = this.weight >= this.options.size || this.waiting.some((item) => item.alone);
    if (this.waiting.length > 0 && !this.due) {
      this.timer = setTimeout(() => {
        this.due = true;
        this.work();
      }, this.options.maxAgeMs);
    }
    this.working = this.options.handle(batch).finally(() => {
      this.working = undefined;
      this.work();
    });
  }

  private takeBatch(): T[] {
    let count = 0;
    let weight = 0;
    for (const item of this.waiting) {
      if (item.alone && count > 0) break;
      count++;
      weight += item.weight;
      if (item.alone || weight >= this.options.size) break;
    }
    this.weight -= weight;
    return this.waiting.splice(0, count);
  }
}
