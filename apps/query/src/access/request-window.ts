import { LRUCache } from 'lru-cache';

/** How much of a quota is used. */
export interface Usage {
  /** How the headers name the quota. */
  policy: string;
  /** Units that a window allows. */
  quota: number;
  /** The length of the window, in seconds. */
  windowSeconds: number;
  /** Units that are left in it. */
  remaining: number;
  /** Nothing is left. */
  isUsedUp: boolean;
  /** More than the quota was asked for. */
  isExceeded: boolean;
  /** Whole seconds until the window ends. */
  resetSeconds: number;
}

export interface WindowOptions {
  policy: string;
  /** Units that a window allows. */
  quota: number;
  /** @defaultValue the system's clock, in milliseconds */
  now?: () => number;
}

interface Count {
  used: number;
  endsAt: number;
}

const WINDOW_SECONDS = 60;
/** Beyond it the count that was not asked for longest is forgotten: some 10 MB. */
const MAX_COUNTS = 100_000;

/** Counts by name, in windows of a minute that begin with the first unit. */
export class RequestWindow {
  private readonly counts = new LRUCache<string, Count>({ max: MAX_COUNTS });
  private readonly now: () => number;

  constructor(private readonly options: WindowOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Adds one. */
  count(name: string): Usage {
    const current = this.current(name) ?? { used: 0, endsAt: this.now() + WINDOW_SECONDS * 1000 };
    current.used += 1;
    this.counts.set(name, current);
    return this.usage(current);
  }

  /** Takes one back. */
  takeBack(name: string): void {
    const current = this.current(name);
    if (current !== undefined && current.used > 0) current.used -= 1;
  }

  /** @returns undefined while nothing is counted */
  look(name: string): Usage | undefined {
    const current = this.current(name);
    return current === undefined ? undefined : this.usage(current);
  }

  private current(name: string): Count | undefined {
    const count = this.counts.get(name);
    return count !== undefined && count.endsAt > this.now() ? count : undefined;
  }

  private usage({ used, endsAt }: Count): Usage {
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
