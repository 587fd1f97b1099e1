import type { DataSource, QueryRunner } from 'typeorm';
import { keepLease, LockTable } from '#libs/database';
import { BackOff, systemClock } from '#libs/timing';
import type { ErasureTarget } from './erasure-jobs.js';

/** Runs work when there is room for it. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

export interface ErasureLockOptions {
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** Around each use of a connection. */
  limit: Limit;
  /** Called, and waited for, each time that somebody else is found to erase the target. It holds no connection. */
  onElsewhere?: () => Promise<void>;
}

/** Somebody else has the target now: what was erased is right, but only they know all of it. */
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
  // After the death of its process the target is free.
  leaseMs: 30_000,
});

/**
 * Waits until nobody else erases the target, and does the work on one connection meanwhile. The lock is polled, so that
 * who waits for it holds no connection and takes no room from others. It is a row with an end, and not a lock of the
 * session, which a pooler would give to somebody else; it is taken anew as long as the work lasts.
 */
export async function withErasureLock<T>(
  dataSource: DataSource,
  target: ErasureTarget,
  { signal, limit, onElsewhere }: ErasureLockOptions,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  for (const backOff = new BackOff(POLL_PAUSES); ;) {
    const outcome = await limit(async () => {
      signal?.throwIfAborted();
      return tryWithErasureLock(dataSource, target, work);
    });
    if (outcome !== undefined) return outcome.result;
    await onElsewhere?.();
    await systemClock.sleep(backOff.next(), signal);
  }
}

/**
 * @returns undefined when somebody else erases the target
 * @throws ErasureTakenOverError once the work is done, when the lease could not be kept
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
      renewing.stop(); // a renewal that is under way finds no lease any more
      // On another connection where its own is gone; where none can be had, the lease ends by itself.
      await locks
        .drop(runner, lease)
        .catch(() => locks.drop(dataSource, lease))
        .catch(() => undefined);
    }
  } finally {
    await runner.release();
  }
}

/** Deletes the leases of processes that died. */
export function deleteEndedLeases(dataSource: DataSource): Promise<void> {
  return locks.deleteExpired(dataSource);
}
