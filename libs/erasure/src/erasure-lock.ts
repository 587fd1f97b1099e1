import type { DataSource, QueryRunner } from 'typeorm';
import { keepLease, LockTable } from '#libs/database';
import { BackOff, systemClock } from '#libs/timing';
import type { ErasureTarget } from './erasure-jobs.js';

/** Runs work with limited concurrency. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

export interface ErasureLockOptions {
  /** Aborts the wait. */
  signal?: AbortSignal;
  /** Around each use of a connection. */
  limit: Limit;
  /** Awaited each time another process is found to hold the lock. No connection is held meanwhile. */
  onLockHeld?: () => Promise<void>;
}

/** The lock was lost to another process. The erased rows stay erased, but only that process knows the sum. */
export class ErasureTakenOverError extends Error {
  override readonly name = 'ErasureTakenOverError';

  constructor() {
    super('another process took over the erasure');
  }
}

const POLL_PAUSES = { firstMs: 100, longestMs: 1_000 };
const RENEWAL_MS = 10_000;

const locks = new LockTable<ErasureTarget>({
  table: 'erasure_leases',
  key: { guildId: 'guild_id', userId: 'user_id' },
  columns: { claim: 'holder', until: 'held_until' },
  // After a crash, the erasure is free again after this time.
  leaseMs: 30_000,
});

/**
 * Waits until no other process erases the target, then runs the work on one connection. The lock is polled, so that
 * waiting holds no connection. The lock is a leased row, which is renewed during the work. A session-level advisory
 * lock would not work behind a pooler.
 */
export async function withErasureLock<T>(
  dataSource: DataSource,
  target: ErasureTarget,
  { signal, limit, onLockHeld }: ErasureLockOptions,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  for (const backOff = new BackOff(POLL_PAUSES); ;) {
    const outcome = await limit(async () => {
      signal?.throwIfAborted();
      return tryWithErasureLock(dataSource, target, work);
    });
    if (outcome !== undefined) return outcome.result;
    await onLockHeld?.();
    await systemClock.sleep(backOff.next(), signal);
  }
}

/**
 * @returns undefined if another process erases the target
 * @throws ErasureTakenOverError after the work, if the lease was lost
 */
export async function tryWithErasureLock<T>(
  dataSource: DataSource,
  target: ErasureTarget,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<{ result: T } | undefined> {
  const runner = dataSource.createQueryRunner();
  try {
    const lease = await locks.take(runner, target);
    if (lease === undefined) return undefined;
    let isLost = false;
    const renewing = keepLease(
      () => locks.renew(dataSource, lease),
      RENEWAL_MS,
      () => (isLost = true),
    );
    try {
      const result = await work(runner);
      if (isLost) throw new ErasureTakenOverError();
      return { result };
    } finally {
      renewing.stop(); // a running renewal will not find the lease
      // If the connection is lost, another one drops the lease. If that fails too, the lease expires.
      await locks
        .drop(runner, lease)
        .catch(() => locks.drop(dataSource, lease))
        .catch(() => undefined);
    }
  } finally {
    await runner.release();
  }
}

/** Deletes the leases of crashed processes. */
export function deleteExpiredLeases(dataSource: DataSource): Promise<void> {
  return locks.deleteExpired(dataSource);
}
