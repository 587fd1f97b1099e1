import pLimit, { type LimitFunction } from 'p-limit';
import { ConnectionWaitError } from './database-failure.js';

/**
 * The uses of a connection that can take long:
 *
 * - `change`: waits for the lock of its guild's stripe
 * - `erasure`: holds its connection until it has finished, which may take minutes
 * - `search`: searches a part of the guilds or events for a member
 * - `export`: reads a page of a download
 * - `summary`: reads in a snapshot, for up to half a minute
 */
export type ConnectionUse = 'change' | 'erasure' | 'search' | 'export' | 'summary';

/** The maximum duration of the slowest use except erasures, in milliseconds. */
const MAX_WAIT_MS = 30_000;

/**
 * Limits how many connections of the pool each slow use may hold. So no use can block another for long, and short reads
 * (keys, settings, views, readiness) always find a free connection.
 */
export class ConnectionShares {
  private readonly shares: Readonly<Record<ConnectionUse, LimitFunction>>;
  /** All uses except `change`, which would otherwise wait for minutes. */
  private readonly slow: LimitFunction;

  /** @param poolSize maximum size of the pool. Below 6, slow uses of different kinds may wait for each other */
  constructor(
    poolSize: number,
    private readonly maxWaitMs = MAX_WAIT_MS,
  ) {
    const changes = Math.max(1, poolSize >> 2);
    const slow = Math.max(1, poolSize - 1 - changes);
    const part = Math.max(1, Math.floor((slow - 1) / 3));
    this.slow = pLimit(slow);
    this.shares = {
      change: pLimit(changes),
      erasure: pLimit(part),
      search: pLimit(part),
      export: pLimit(part),
      summary: pLimit(slow),
    };
  }

  /**
   * Runs work that holds one connection, as soon as one is available. Each use has its own queue, and only its share
   * enters the common queue. So other uses wait behind a few of them, and not behind all.
   *
   * @throws ConnectionWaitError if no connection becomes available in time; then the work was not started. Not for
   *   erasures, whose callers have their own timeout
   */
  run<T>(kind: ConnectionUse, work: () => Promise<T>): Promise<T> {
    return kind === 'erasure' ? this.runInTurn(kind, work) : this.runWithTimeout(kind, work);
  }

  private runInTurn<T>(kind: ConnectionUse, work: () => Promise<T>): Promise<T> {
    const share = this.shares[kind];
    return kind === 'change' ? share(work) : share(() => this.slow(work));
  }

  private runWithTimeout<T>(kind: ConnectionUse, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timeout = new ConnectionWaitError(kind, this.maxWaitMs);
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        reject(timeout);
      }, this.maxWaitMs);
      const begin = async () => {
        clearTimeout(timer);
        if (isLate) throw timeout;
        return work();
      };
      this.runInTurn(kind, begin).then(resolve, reject);
    });
  }
}
