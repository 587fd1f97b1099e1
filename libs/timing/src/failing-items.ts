import { BackOff, type Pauses } from './back-off.js';

/** Tracks the failed items of a list. Each is skipped for a growing pause, so that it does not block the others. */
export class FailingItems {
  private readonly items = new Map<string, { backOff: BackOff; until: number }>();

  constructor(private readonly pauses: Pauses) {}

  /** @param now Unix milliseconds */
  isPaused(item: string, now: number): boolean {
    return (this.items.get(item)?.until ?? now) > now;
  }

  add(item: string, now: number): void {
    const backOff = this.items.get(item)?.backOff ?? new BackOff(this.pauses);
    this.items.set(item, { backOff, until: now + backOff.next() });
  }

  remove(items: readonly string[]): void {
    for (const item of items) this.items.delete(item);
  }

  /** Forgets items that are no longer on the list. */
  keepOnly(items: ReadonlySet<string>): void {
    for (const item of this.items.keys()) if (!items.has(item)) this.items.delete(item);
  }
}
