import { BackOff, type Pauses } from './back-off.js';

/** The items of a list that failed. Each is left alone for a pause that grows, so that the others get their turns. */
export class FailingItems {
  private readonly items = new Map<string, { backOff: BackOff; until: number }>();

  constructor(private readonly pauses: Pauses) {}

  /** @param now Unix milliseconds, as everywhere here */
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

  /** Forgets items that are not on the list any more. */
  keepOnly(items: ReadonlySet<string>): void {
    for (const item of this.items.keys()) if (!items.has(item)) this.items.delete(item);
  }
}
