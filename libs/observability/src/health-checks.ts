import { withDeadline } from '#libs/timing';
import { describeError } from './describe-error.js';

/** A dependency is impaired, but the instance still works with limitations. */
export class DegradedError extends Error {
  override readonly name = 'DegradedError';
}

export interface HealthProbe {
  /** @throws Error that says what is wrong. With a DegradedError, the instance stays ready */
  probe(): Promise<void>;
  /** The status if the probe fails. With `failed` the instance is not ready, with `degraded` it is. */
  whenFailing: 'failed' | 'degraded';
}

export interface CheckResult {
  status: 'ok' | 'degraded' | 'failed';
  /** What is wrong. It must not contain secrets, because `/readyz` is public. */
  message?: string;
}

/** The body of `/readyz`. */
export interface Readiness {
  status: 'ready' | 'not_ready';
  checks: Record<string, CheckResult>;
}

/** The minimum time between two runs of a probe. */
const MIN_PAUSE_MS = 1_000;
const PROBE_TIMEOUT_MS = 2_000;
/** While a probe hangs, no other one is started until this time has passed. */
const HANGING_AFTER_MS = 10_000;

/** Checks the dependencies of the instance, for `/readyz`. */
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
    if (this.latest === undefined || age >= (this.isRunning ? HANGING_AFTER_MS : MIN_PAUSE_MS)) {
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
