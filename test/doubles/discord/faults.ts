import type { LimitScope } from './rate-limits.js';

/**
 * What goes wrong with a request instead of, or after, being served:
 * - `status`: answered with this and an error page, nothing done
 * - `hang`: read, never answered, nothing done
 * - `reset`: the connection is reset, nothing done
 * - `done_but_unknown`: done, but the connection is reset before the answer
 * - `unauthorized`: 401 as for a revoked token
 * - `refused`: answered with an error of Discord's, such as 400 and 200000 of AutoMod, nothing done
 * - `rate_limited`: 429, with Discord's headers, or (`headers: false`) a page as of what stands before Discord
 * - `malformed`: done, but the answer breaks off within its JSON
 * - `late`: served as ever, once `until` has resolved; `onArrival` is called before
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
  /** Any without it. */
  method?: string;
  /** Of the path below the version, or of a file's path. Any without it. */
  path?: RegExp;
  /** How many requests it meets. @defaultValue 1 */
  times?: number;
  /** How many that fit pass before. @defaultValue 0 */
  after?: number;
}

/** Faults that wait for their requests. The first that fits a request meets it. */
export class Faults {
  private readonly waiting: { fault: Fault; rule: FaultRule; toPass: number; left: number }[] = [];

  add(fault: Fault, rule: FaultRule = {}): void {
    this.waiting.push({ fault, rule, toPass: rule.after ?? 0, left: rule.times ?? 1 });
  }

  clear(): void {
    this.waiting.length = 0;
  }

  /** Uses it up. */
  take(method: string, path: string): Fault | undefined {
    const index = this.waiting.findIndex(
      ({ rule }) => (rule.method ?? method) === method && (rule.path?.test(path) ?? true),
    );
    const entry = this.waiting[index];
    if (!entry || entry.toPass-- > 0) return undefined;
    entry.left--;
    if (entry.left === 0) this.waiting.splice(index, 1);
    return entry.fault;
  }
}
