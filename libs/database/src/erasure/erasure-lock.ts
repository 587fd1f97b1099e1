import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { ADVISORY_LOCK_CLASSES } from '../advisory-locks.js';
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

const POLL_MS = 100;
/** Keys are positive 32-bit numbers. Two targets with the same key wait for one another for nothing. */
const KEYS = 2_147_483_647n;

/**
 * Waits until nobody else erases the target, and does the work on one connection meanwhile. The lock is polled, so that
 * who waits for it holds no connection and takes no room from others. It ends with the connection: the job of a process
 * that died is free at once.
 */
export async function withErasureLock<T>(
  dataSource: DataSource,
  target: ErasureTarget,
  { signal, limit, onElsewhere }: ErasureLockOptions,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  for (;;) {
    const outcome = await limit(async () => {
      signal?.throwIfAborted();
      return tryWithErasureLock(dataSource, target, work);
    });
    if (outcome !== undefined) return outcome.result;
    await onElsewhere?.();
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** @returns undefined when somebody else erases the target */
export async function tryWithErasureLock<T>(
  dataSource: DataSource,
  target: ErasureTarget,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<{ result: T } | undefined> {
  const key = [ADVISORY_LOCK_CLASSES.erasure, keyOf(target)];
  const runner = dataSource.createQueryRunner();
  try {
    const [row] = (await runner.query('SELECT pg_try_advisory_lock($1, $2) AS locked', key)) as { locked: boolean }[];
    if (!row?.locked) return undefined;
    try {
      return { result: await work(runner) };
    } finally {
      // A connection that is gone has given the lock back already.
      await runner.query('SELECT pg_advisory_unlock($1, $2)', key).catch(() => undefined);
    }
  } finally {
    await runner.release();
  }
}

function keyOf({ guildId, userId }: ErasureTarget): number {
  return Number((BigInt(guildId) * 31n + BigInt(userId)) % KEYS);
}
