import { createHash } from 'node:crypto';
import type { KnownRouteName, MatchedRoute, RouteLimit } from './routes.js';

export type LimitScope = 'user' | 'shared' | 'global';

/** The rate limit that a request exceeds. */
export interface Exceeded {
  retryAfterMs: number;
  scope: LimitScope;
}

interface Window {
  startedAt: number;
  requests: number;
}

const GLOBAL: RouteLimit = { requests: 50, windowMs: 1_000 };
const RENAMES: RouteLimit = { requests: 2, windowMs: 10 * 60_000 };

/** Discord's rate limits: for all requests, for a route in one channel or guild, and for renaming one channel. */
export class RateLimits {
  private readonly windows = new Map<string, Window>();
  private readonly changed = new Map<KnownRouteName, RouteLimit>();

  constructor(private readonly now: () => number) {}

  /** Replaces the limit of a route. */
  set(route: KnownRouteName, limit: RouteLimit): void {
    this.changed.set(route, limit);
  }

  countGlobally(): Exceeded | undefined {
    return this.count('global', GLOBAL, 'global');
  }

  countRoute(matched: MatchedRoute): Exceeded | undefined {
    return this.count(bucketKey(matched), this.limitOf(matched), 'user');
  }

  /** Counts a change of a channel's name or topic. */
  countRename(channelId: string): Exceeded | undefined {
    return this.count(`rename ${channelId}`, RENAMES, 'user');
  }

  /** The headers of every response of a route that has a limit. */
  headers(matched: MatchedRoute): Record<string, string> {
    const { requests, windowMs } = this.limitOf(matched);
    const window = this.windows.get(bucketKey(matched)) ?? { startedAt: this.now(), requests: 0 };
    const resetAt = window.startedAt + windowMs;
    return {
      'X-RateLimit-Limit': String(requests),
      'X-RateLimit-Remaining': String(Math.max(0, requests - window.requests)),
      'X-RateLimit-Reset': (resetAt / 1_000).toFixed(3),
      'X-RateLimit-Reset-After': (Math.max(0, resetAt - this.now()) / 1_000).toFixed(3),
      'X-RateLimit-Bucket': createHash('md5').update(matched.route.name).digest('hex'),
    };
  }

  private limitOf({ route }: MatchedRoute): RouteLimit {
    return this.changed.get(route.name) ?? route.limit;
  }

  private count(key: string, { requests, windowMs }: RouteLimit, scope: LimitScope): Exceeded | undefined {
    const now = this.now();
    let window = this.windows.get(key);
    if (!window || window.startedAt + windowMs <= now) {
      window = { startedAt: now, requests: 0 };
      this.windows.set(key, window);
    }
    if (window.requests >= requests) return { retryAfterMs: window.startedAt + windowMs - now, scope };
    window.requests++;
    return undefined;
  }
}

function bucketKey({ route, params }: MatchedRoute): string {
  return `${route.name} ${params['channel_id'] ?? params['guild_id'] ?? ''}`;
}

/** Thrown if a request turns out to exceed a limit while it is handled. */
export class RateLimitExceeded extends Error {
  override readonly name = 'RateLimitExceeded';

  constructor(readonly exceeded: Exceeded) {
    super('rate limited');
  }
}
