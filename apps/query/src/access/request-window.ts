import { LRUCache } from 'lru-cache';

/** The state of a quota. */
export interface Usage {
  /** The name of the quota in the headers. */
  policy: string;
  /** Units per window. */
  quota: number;
  windowSeconds: number;
  /** Units left in the current window. */
  remaining: number;
  /** No unit is left. */
  isUsedUp: boolean;
  /** More units than the quota were counted. */
  isExceeded: boolean;
  /** Whole seconds until the window ends. */
  resetSeconds: number;
}

export interface WindowOptions {
  policy: string;
  /** Units per window. */
  quota: number;
  /** Milliseconds. @defaultValue Date.now */
  now?: () => number;
}

interface Count {
  used: number;
  endsAt: number;
}

const WINDOW_SECONDS = 60;
/** About 10 MB. Beyond it, the least recently used count is evicted. */
const MAX_COUNTS = 100_000;

/** Counts units by key, in windows of one minute that start with the first unit. */
export class RequestWindow {
  private readonly counts = new LRUCache<string, Count>({ max: MAX_COUNTS });
  private readonly now: () => number;

  constructor(private readonly options: WindowOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Adds one unit. */
  count(key: string): Usage {
    const current = this.current(key) ?? { used: 0, endsAt: this.now() + WINDOW_SECONDS * 1000 };
    current.used += 1;
    this.counts.set(key, current);
    return this.toUsage(current);
  }

  /** Removes one unit. */
  uncount(key: string): void {
    const current = this.current(key);
    if (current !== undefined && current.used > 0) current.used -= 1;
  }

  /** @returns undefined if nothing was counted in the current window */
  usageOf(key: string): Usage | undefined {
    const current = this.current(key);
    return current === undefined ? undefined : this.toUsage(current);
  }

  private current(key: string): Count | undefined {
    const count = this.counts.get(key);
    return count !== undefined && count.endsAt > this.now() ? count : undefined;
  }

  private toUsage({ used, endsAt }: Count): Usage {
    const { policy, quota } = this.options;
    return {
      policy,
      quota,
      windowSeconds: WINDOW_SECONDS,
      remaining: Math.max(0, quota - used),
      isUsedUp: used >= quota,
      isExceeded: used > quota,
      resetSeconds: Math.ceil((endsAt - this.now()) / 1000),
    };
  }
}
