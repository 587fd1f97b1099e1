import type { Clock } from '#libs/timing';
import type { RateLimitScope } from './discord-error.js';

export interface RateLimit {
  retryAfterMs: number;
  scope: RateLimitScope;
}

const EVERYTHING = 'everything';
const MAX_HOLDS = 1_000;

/** Remembers the rate limits of 429 answers, by route and globally, for later calls. */
export class RateLimitHolds {
  private readonly holds = new Map<string, { until: number; scope: RateLimitScope }>();

  constructor(private readonly clock: Clock) {}

  add(route: string, { retryAfterMs, scope }: RateLimit): void {
    if (this.holds.size > MAX_HOLDS) this.deleteExpired();
    const key = scope === 'global' ? EVERYTHING : route;
    const until = Math.max(this.clock.now() + retryAfterMs, this.holds.get(key)?.until ?? 0);
    this.holds.set(key, { until, scope });
  }

  /** The longest limit that applies to this route now, or undefined. */
  current(route: string): RateLimit | undefined {
    const now = this.clock.now();
    const [longest] = [this.holds.get(EVERYTHING), this.holds.get(route)]
      .filter((hold) => hold !== undefined && hold.until > now)
      .sort((a, b) => b!.until - a!.until);
    return longest && { retryAfterMs: longest.until - now, scope: longest.scope };
  }

  private deleteExpired(): void {
    const now = this.clock.now();
    for (const [key, { until }] of this.holds) if (until <= now) this.holds.delete(key);
  }
}
