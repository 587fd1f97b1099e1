import { withDeadline } from '#libs/timing';
import { describeError } from './describe-error.js';

/** The instance does its work, but less of it. */
export class DegradedError extends Error {
  override readonly name = 'DegradedError';
}

export interface HealthProbe {
  /** @throws Error saying what is wrong; a DegradedError never makes the instance unready */
  probe(): Promise<void>;
  /** `failed`: the instance is not ready without it. `degraded`: it is, and does less. */
  whenFailing: 'failed' | 'degraded';
}

export interface CheckResult {
  status: 'ok' | 'degraded' | 'failed';
  /** What is wrong, without secrets: anybody may read it. */
  message?: string;
}

/** The body of `/readyz`. */
export interface Readiness {
  status: 'ready' | 'not_ready';
  checks: Record<string, CheckResult>;
}

/** However often readiness is asked for, a probe runs at most once in this time. */
const MIN_PAUSE_MS = 1_000;
const PROBE_TIMEOUT_MS = 2_000;
/** A probe that still hangs after this time is given up; until then it would only be joined by another that hangs. */
const GIVEN_UP_AFTER_MS = 10_000;

/** Whether this instance can do its work now. */
export class HealthChecks {
  private readonly checks: ReadonlyMap<string, CachedCheck>;

  constructor(probes: Readonly<Record<string, HealthProbe>>) {
    this.checks = new Map(Object.entries(probes).map(([name, probe]) => [name, new CachedCheck(probe)]));
  }

  async readiness(): Promise<Readiness> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await check.result()] as const),
    );
    const failed = results.some(([, { status }]) => status === 'failed');
    return { status: failed ? 'not_ready' : 'ready', checks: Object.fromEntries(results) };
  }
}

class CachedCheck {
  private startedAt = -Infinity;
  private isRunning = false;
  private latest?: Promise<CheckResult>;

  constructor(private readonly probe: HealthProbe) {}

  result(): Promise<CheckResult> {
    const age = performance.now() - this.startedAt;
    if (this.latest === undefined || age >= (this.isRunning ? GIVEN_UP_AFTER_MS : MIN_PAUSE_MS)) {
      this.startedAt = performance.now();
      this.latest = this.run();
    }
    return this.latest;
  }

  private async run(): Promise<CheckResult> {
    const { startedAt } = this;
    this.isRunning = true;
    const probing = this.probe.probe().finally(() => {
      if (this.startedAt === startedAt) this.isRunning = false;
    });
    try {
      await withDeadline({ what: 'the check', ms: PROBE_TIMEOUT_MS }, probing);
      return { status: 'ok' };
    } catch (error) {
      const status = error instanceof DegradedError ? 'degraded' : this.probe.whenFailing;
      return { status, message: describeError(error) };
    }
  }
}
