import pLimit, { type LimitFunction } from 'p-limit';
import { TurnTimeoutError } from './database-failure.js';

/**
 * What may hold a connection for longer than a moment:
 *
 * - `change`: waits for the lock of its guild's stripe
 * - `erasure`: holds its connection until it is done, which may take minutes
 * - `search`: a portion of the guilds, or of the events, that are looked through for a member
 * - `export`: a page of a download
 * - `summary`: a snapshot of up to half a minute
 */
export type LongWork = 'change' | 'erasure' | 'search' | 'export' | 'summary';

/** As long as the slowest of them but erasures takes, in milliseconds. */
const LONGEST_WAIT_MS = 30_000;

/**
 * Shares the connections of the pool out: so that no work, however much of it there is, keeps another kind waiting for
 * long, and what takes a moment (keys, settings, views, readiness) always finds one free.
 */
export class ConnectionShares {
  private readonly shares: Readonly<Record<LongWork, LimitFunction>>;
  /** All but changes, which would wait for minutes otherwise. */
  private readonly slow: LimitFunction;

  /** @param poolSize connections that the pool may hold: with fewer than 6, slow work of one kind may wait for another */
  constructor(
    poolSize: number,
    private readonly longestWaitMs = LONGEST_WAIT_MS,
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
   * Runs work that holds one connection, when its turn has come. Each kind queues by itself, and no more than its share
   * of it in the queue of all: so the others wait for a few, and not for all that were asked before.
   *
   * @throws TurnTimeoutError, with nothing done, when its turn does not come; not for erasures, whose callers give up by
   *   themselves
   */
  run<T>(kind: LongWork, work: () => Promise<T>): Promise<T> {
    return kind === 'erasure' ? this.inTurn(kind, work) : this.inTurnSoon(kind, work);
  }

  private inTurn<T>(kind: LongWork, work: () => Promise<T>): Promise<T> {
    const share = this.shares[kind];
    return kind === 'change' ? share(work) : share(() => this.slow(work));
  }

  private inTurnSoon<T>(kind: LongWork, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timeout = new TurnTimeoutError(kind, this.longestWaitMs);
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        reject(timeout);
      }, this.longestWaitMs);
      const begin = async () => {
        clearTimeout(timer);
        if (isLate) throw timeout;
        return work();
      };
      this.inTurn(kind, begin).then(resolve, reject);
    });
  }
}
