import type { Clock } from '#libs/timing';
import { routeOf, type DiscordCall } from './discord-call.js';
import { rateLimited } from './discord-failures.js';
import type { RateLimitHolds } from './rate-limit-holds.js';

/** The maximum total wait of one call for rate limits. */
const MAX_WAIT_MS = 5_000;

/** The waits of one call for rate limits. */
export class LimitWaits {
  private readonly route: string;
  private waitedMs = 0;

  constructor(
    private readonly call: DiscordCall,
    private readonly holds: RateLimitHolds,
    private readonly clock: Clock,
  ) {
    this.route = routeOf(call);
  }

  /**
   * Resolves when no rate limit applies to the call.
   *
   * @throws DiscordError `rate_limited` immediately, if the wait would be too long or the call does not wait
   */
  async pass(signal: AbortSignal): Promise<void> {
    for (let limit = this.holds.current(this.route); limit; limit = this.holds.current(this.route)) {
      const { retryAfterMs, scope } = limit;
      const waits = this.call.waitsForLimits !== 'only_global' || scope === 'global';
      if (!waits || this.waitedMs + retryAfterMs > MAX_WAIT_MS) throw rateLimited(this.route, limit);
      this.waitedMs += retryAfterMs;
      await this.clock.sleep(retryAfterMs, signal);
    }
  }
}
