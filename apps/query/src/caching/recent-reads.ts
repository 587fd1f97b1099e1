import { LRUCache } from 'lru-cache';

export interface RecentReadsOptions {
  /** How long a value is used after its read began, in milliseconds. */
  freshMs: number;
  /** The maximum number of cached values. The least recently used one is dropped. */
  max: number;
  /** Milliseconds. @defaultValue performance.now */
  now?: () => number;
}

interface ReadValue<T> {
  value: T;
  readAt: number;
}

interface PendingRead<T> {
  startedAt: number;
  found: Promise<ReadValue<T> | undefined>;
}

/**
 * Caches what was read for a short time: what is in use costs one read in each such time. Only what exists is cached,
 * so that nobody can fill the cache with keys that do not exist.
 */
export class RecentReads<T extends object> {
  private readonly cached: LRUCache<string, ReadValue<T>>;
  private readonly reading = new Map<string, PendingRead<T>>();
  private readonly freshMs: number;
  private readonly now: () => number;

  constructor({ freshMs, max, now = () => performance.now() }: RecentReadsOptions) {
    this.cached = new LRUCache({ max });
    this.freshMs = freshMs;
    this.now = now;
  }

  /** @returns the value, at most `freshMs` old; undefined if the read finds nothing @throws the error of the read */
  async find(key: string, read: () => Promise<T | undefined>): Promise<T | undefined> {
    const found = this.fresh(key) ?? (await this.readOnce(key, read));
    return found?.value;
  }

  /** Whether {@link find} would start a read. */
  isUncached(key: string): boolean {
    return this.fresh(key) === undefined && !this.reading.has(key);
  }

  /** Drops a value. A read that goes on does not bring it back. */
  forget(key: string): void {
    this.cached.delete(key);
    this.reading.delete(key);
  }

  private fresh(key: string): ReadValue<T> | undefined {
    const cached = this.cached.get(key);
    return cached !== undefined && this.now() - cached.readAt < this.freshMs ? cached : undefined;
  }

  /** Concurrent calls share a read, unless it started so long ago that it may predate a change. */
  private readOnce(key: string, read: () => Promise<T | undefined>): Promise<ReadValue<T> | undefined> {
    const startedAt = this.now();
    const current = this.reading.get(key);
    if (current !== undefined && startedAt - current.startedAt < this.freshMs) return current.found;
    const reading: PendingRead<T> = { startedAt, found: read().then((value) => value && { value, readAt: startedAt }) };
    this.reading.set(key, reading);
    reading.found.then(
      (found) => {
        if (!this.end(key, reading)) return;
        if (found === undefined) this.cached.delete(key);
        else this.cached.set(key, found);
      },
      () => this.end(key, reading),
    );
    return reading.found;
  }

  /** @returns false if a later read has replaced this one, or the value was dropped meanwhile */
  private end(key: string, reading: PendingRead<T>): boolean {
    return this.reading.get(key) === reading && this.reading.delete(key);
  }
}
