import type { LimitScope } from './rate-limits.js';

/**
 * A failure of a request:
 * - `status`: this status with an error page; nothing is done
 * - `hang`: the request is read, but never answered; nothing is done
 * - `reset`: the connection is reset; nothing is done
 * - `done_but_unknown`: the request is done, but the connection is reset before the response
 * - `unauthorized`: 401, as for a revoked token
 * - `refused`: an error of Discord, such as 400 with code 200000 of AutoMod; nothing is done
 * - `rate_limited`: 429 with Discord's headers, or (`headers: false`) with a page like that of Discord's proxy
 * - `malformed`: the request is done, but the JSON of the response is truncated
 * - `late`: the request is done once `until` has resolved; `onArrival` is called before
 */
export type Fault =
  | { kind: 'status'; status: 500 | 502 | 503 }
  | { kind: 'hang' }
  | { kind: 'reset' }
  | { kind: 'done_but_unknown' }
  | { kind: 'unauthorized' }
  | { kind: 'refused'; status: 400 | 403; code: number; message: string }
  | { kind: 'rate_limited'; retryAfterMs: number; scope?: LimitScope; headers?: boolean }
  | { kind: 'malformed' }
  | { kind: 'late'; until: Promise<void>; onArrival?: () => void };

export interface FaultRule {
  /** @defaultValue any method */
  method?: string;
  /** Matches the path after the version, or the path of a file. @defaultValue any path */
  path?: RegExp;
  /** The number of requests that fail. @defaultValue 1 */
  times?: number;
  /** The number of matching requests that succeed before. @defaultValue 0 */
  after?: number;
}

/** Faults of future requests. The first fault that matches a request applies to it. */
export class Faults {
  private readonly pending: { fault: Fault; rule: FaultRule; successesLeft: number; left: number }[] = [];

  add(fault: Fault, rule: FaultRule = {}): void {
    this.pending.push({ fault, rule, successesLeft: rule.after ?? 0, left: rule.times ?? 1 });
  }

  clear(): void {
    this.pending.length = 0;
  }

  /** Returns the fault of a request, and counts it. */
  take(method: string, path: string): Fault | undefined {
    const index = this.pending.findIndex(
      ({ rule }) => (rule.method ?? method) === method && (rule.path?.test(path) ?? true),
    );
    const entry = this.pending[index];
    if (!entry || entry.successesLeft-- > 0) return undefined;
    entry.left--;
    if (entry.left === 0) this.pending.splice(index, 1);
    return entry.fault;
  }
}
