import { randomUUID } from 'node:crypto';
import type { DataSource, QueryRunner } from 'typeorm';
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
/** So long after the death of its process the target is free. */
const LEASE_SECONDS = 30;
const RENEWAL_MS = 10_000;

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
  const holder = randomUUID();
  const runner = dataSource.createQueryRunner();
  try {
    if (!(await takeLease(runner, target, holder))) return undefined;
    let isLost = false;
    const renewal = setInterval(() => {
      takeLease(dataSource, target, holder).then(
        (isHeld) => (isLost ||= !isHeld),
        () => undefined, // the next one may succeed
      );
    }, RENEWAL_MS);
    try {
      const result = await work(runner);
      if (isLost) throw new ErasureTakenOverError();
      return { result };
    } finally {
      clearInterval(renewal);
      // On another connection where its own is gone; where none can be had, the lease ends by itself.
      await giveBack(runner, target, holder)
        .catch(() => giveBack(dataSource, target, holder))
        .catch(() => undefined);
    }
  } finally {
    await runner.release();
  }
}

/** Deletes the leases of processes that died: nobody may come back for them. */
export async function deleteEndedLeases(dataSource: DataSource): Promise<void> {
  await dataSource.query('DELETE FROM erasure_leases WHERE held_until < now()');
}

type Queryable = Pick<DataSource | QueryRunner, 'query'>;

/** Takes the lease where it is free or one's own, by the database's clock. @returns whether it is one's own now */
async function takeLease(database: Queryable, { guildId, userId }: ErasureTarget, holder: string): Promise<boolean> {
  const rows = (await database.query(
    `INSERT INTO erasure_leases AS lease (guild_id, user_id, holder, taken_at, held_until)
     VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp() + interval '${LEASE_SECONDS} seconds')
     ON CONFLICT (guild_id, user_id) DO UPDATE SET
       holder = excluded.holder, taken_at = excluded.taken_at, held_until = excluded.held_until
       WHERE lease.holder = excluded.holder OR lease.held_until < excluded.taken_at
     RETURNING holder`,
    [guildId, userId, holder],
  )) as unknown[];
  return rows.length > 0;
}

async function giveBack(database: Queryable, { guildId, userId }: ErasureTarget, holder: string): Promise<void> {
  await database.query('DELETE FROM erasure_leases WHERE guild_id = $1 AND user_id = $2 AND holder = $3', [
    guildId,
    userId,
    holder,
  ]);
}
