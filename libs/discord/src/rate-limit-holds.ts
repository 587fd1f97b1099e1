import type { Clock } from '#libs/timing';
import type { RateLimitScope } from './discord-error.js';

export interface RateLimit {
  retryAfterMs: number;
  scope: RateLimitScope;
}

const EVERYTHING = 'everything';
const SWEEP_ABOVE = 1_000;

/** Until when Discord wants no request, by route and for all of them: what a 429 said is kept for whoever comes next. */
export class RateLimitHolds {
  private readonly holds = new Map<string, { until: number; scope: RateLimitScope }>();

  constructor(private readonly clock: Clock) {}

  add(route: string, { retryAfterMs, scope }: RateLimit): void {
    if (this.holds.size > SWEEP_ABOVE) this.sweep();
    const key = scope === 'global' ? EVERYTHING : route;
    const until = Math.max(this.clock.now() + retryAfterMs, this.holds.get(key)?.until ?? 0);
    this.holds.set(key, { until, scope });
  }

  /** What holds back a request on this route now: the longest of the limits, or undefined. */
  current(route: string): RateLimit | undefined {
    const now = this.clock.now();
    const [longest] = [this.holds.get(EVERYTHING), this.holds.get(route)]
      .filter((hold) => hold !== undefined && hold.until > now)
      .sort((a, b) => b!.until - a!.until);
    return longest && { retryAfterMs: longest.until - now, scope: longest.scope };
  }

  private sweep(): void {
    const now = this.clock.now();
    for (const [key, { until }] of this.holds) if (until <= now) this.holds.delete(key);
  }
}
