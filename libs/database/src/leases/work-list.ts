import { randomUUID } from 'node:crypto';
import { growingPause, type Pauses } from '#libs/timing';
import { databaseNow, type Queryable } from './database-now.js';
import {
  LeaseTable,
  Parameters,
  type AddParameter,
  type Lease,
  type LeaseKey,
  type LeaseTableOptions,
} from './lease-table.js';

export interface WorkListOptions<Key, Row> extends LeaseTableOptions<Key> {
  /** Further columns that a claim returns, by property. */
  row?: { readonly [Property in keyof Row]: string };
  /** The back-off after runs that failed or did not finish. */
  pauses: Pauses;
  /** A row that has failed for this many milliseconds is hopeless. @defaultValue never */
  hopelessAfterMs?: (key: LeaseKey<Key>) => number;
  /** Further SQL assignments when a row is claimed. */
  setOnClaim?: string;
  /**
   * When a claimed row is due again if the run does not finish, in Unix milliseconds.
   * @defaultValue after the back-off
   */
  dueAfterClaim?: (key: LeaseKey<Key>, now: number) => number;
}

/** A row that is due. */
export type DueRow<Key> = LeaseKey<Key> & {
  /** Consecutive runs that failed or did not finish. */
  readonly attempts: number;
};

export type ClaimedRow<Key, Row> = LeaseKey<Key> &
  Row &
  Lease & {
    /** Consecutive runs before this one that failed or did not finish. */
    readonly attempts: number;
    readonly failingSince: Date | null;
    /** The previous run did not finish: its process crashed or could not reach the database. */
    readonly wasInterrupted: boolean;
    /** It has failed for so long that it should be given up if it fails again. */
    readonly isHopeless: boolean;
  };

/**
 * When the row is due next, as SQL. Columns have their values from before the lease ends.
 *
 * @param now by the database's clock, in Unix milliseconds
 */
export type NextDue = (now: number, add: AddParameter) => string;

/** What is stored when a lease ends. */
export interface Ending {
  due: NextDue;
  /** Values of further columns, by column. @param now by the database's clock */
  set?: (now: Date) => Readonly<Record<string, unknown>>;
}

interface ClaimColumns {
  attempts: number;
  failing_since: Date | null;
  was_interrupted: boolean;
  claimed_until: Date;
}

/** Due again after this many milliseconds. */
export const after =
  (ms: number): NextDue =>
  (now, add) =>
    `${add(new Date(now + ms))}::timestamptz`;

/**
 * A table of scheduled work. Its rows have `due_at` (null: nothing to do), `claim`, `claimed_until`, `attempts` and
 * `failing_since`. A worker claims a row, does the work, and then reports success or failure, postpones the row, or
 * deletes it.
 *
 * A claim counts as an attempt, and makes the row due again after a back-off that grows with the attempts. So a run
 * that crashes its process is retried like one that failed.
 *
 * Rows are claimed one at a time, right before their work begins. If they were claimed together, the lease of a waiting
 * row could expire.
 */
export class WorkList<Key, Row = unknown> extends LeaseTable<Key> {
  private readonly options: WorkListOptions<Key, Row>;
  private readonly row: readonly (readonly [property: string, column: string])[];

  constructor(options: WorkListOptions<Key, Row>) {
    super(options);
    this.options = options;
    this.row = Object.entries((options.row ?? {}) as Record<string, string>);
  }

  /** SQL condition: the row is due and not leased. @param now a placeholder */
  isDue(now: string): string {
    return `due_at <= ${now} AND (claimed_until IS NULL OR claimed_until <= ${now})`;
  }

  /** Rows that are due and not leased, the longest waiting first. */
  async findDue(database: Queryable, limit: number): Promise<DueRow<Key>[]> {
    const keys = this.key.map(([property, column]) => `${column} AS "${String(property)}"`);
    const columns = this.key.map(([, column]) => column);
    return (await database.query(
      `SELECT ${keys.join(', ')}, attempts FROM ${this.table} WHERE ${this.isDue('$1')}
       ORDER BY due_at, ${columns.join(', ')} LIMIT $2`,
      [new Date(await databaseNow(database)), limit],
    )) as DueRow<Key>[];
  }

  /** @returns undefined if the row is not due any more or another worker has claimed it */
  async claim(database: Queryable, due: DueRow<Key>): Promise<ClaimedRow<Key, Row> | undefined> {
    const now = await databaseNow(database);
    const claim = randomUUID();
    const until = this.endOf(now);
    const { values, add } = new Parameters();
    const nowParameter = add(new Date(now));
    const { setOnClaim } = this.options;
    const [rows] = (await database.query(
      `WITH due AS MATERIALIZED (
         SELECT claim IS NOT NULL AS was_interrupted FROM ${this.table}
         WHERE ${this.matchesKey(due, add)} AND attempts = ${add(due.attempts)} AND ${this.isDue(nowParameter)}
         FOR UPDATE SKIP LOCKED
       )
       UPDATE ${this.table} SET claim = ${add(claim)}, claimed_until = ${add(until)},
         due_at = ${add(new Date(this.dueAfterClaim(due, now)))}, attempts = attempts + 1,
         failing_since = CASE WHEN was_interrupted THEN coalesce(failing_since, ${nowParameter}) ELSE failing_since END
         ${setOnClaim === undefined ? '' : `, ${setOnClaim}`}
       FROM due WHERE ${this.matchesKey(due, add)}
       RETURNING attempts, failing_since, was_interrupted, claimed_until
         ${this.row.map(([property, column]) => `, ${column} AS "${property}"`).join('')}`,
      values,
    )) as [(ClaimColumns & Row)[], number];
    if (rows.length === 0) return undefined;
    const { attempts, failing_since: failingSince, was_interrupted: wasInterrupted, claimed_until, ...row } = rows[0]!;
    const failingForMs = failingSince === null ? 0 : now - failingSince.getTime();
    const isHopeless = failingForMs >= (this.options.hopelessAfterMs?.(due) ?? Infinity);
    const lease = { claim, until: claimed_until, attempts: attempts - 1, failingSince, wasInterrupted, isHopeless };
    return { ...this.keyOf(due), ...row, ...lease } as ClaimedRow<Key, Row>;
  }

  /** The work is done. @returns false, and changes nothing, if the lease is not held any more */
  succeed(database: Queryable, lease: ClaimedRow<Key, Row>, ending: Ending): Promise<boolean> {
    return this.end(database, lease, ending, () => 'attempts = 0, failing_since = NULL');
  }

  /** The work failed and is retried, by default after the back-off. @returns as {@link succeed} */
  fail(database: Queryable, lease: ClaimedRow<Key, Row>, ending: Partial<Ending> = {}): Promise<boolean> {
    const due = after(this.pauseAfter(lease));
    return this.end(database, lease, { due, ...ending }, failingSince);
  }

  /**
   * The work has to wait. The attempt does not count.
   *
   * @param isFailing whether the wait counts as failing, so that the row may become hopeless
   * @returns as {@link succeed}
   */
  postpone(
    database: Queryable,
    lease: ClaimedRow<Key, Row>,
    { isFailing = false, ...ending }: Ending & { isFailing?: boolean },
  ): Promise<boolean> {
    const uncounted = 'attempts = attempts - 1';
    return this.end(database, lease, ending, (now) => (isFailing ? `${uncounted}, ${failingSince(now)}` : uncounted));
  }

  /** The back-off if this run fails, in milliseconds. */
  pauseAfter({ attempts }: DueRow<Key>): number {
    return growingPause(attempts + 1, this.options.pauses);
  }

  private dueAfterClaim(due: DueRow<Key>, now: number): number {
    const { dueAfterClaim } = this.options;
    return dueAfterClaim ? dueAfterClaim(due, now) : now + Math.max(this.leaseMs, this.pauseAfter(due));
  }

  private async end(
    database: Queryable,
    lease: ClaimedRow<Key, Row>,
    { due, set }: Ending,
    count: (now: () => string) => string,
  ): Promise<boolean> {
    const now = await databaseNow(database);
    const { values, add } = new Parameters();
    const furtherColumns = Object.entries(set?.(new Date(now)) ?? {}).map(
      ([column, value]) => `, ${column} = ${add(value)}`,
    );
    const counted = count(() => `${add(new Date(now))}::timestamptz`);
    const [, ended] = (await database.query(
      `UPDATE ${this.table} SET claim = NULL, claimed_until = NULL, due_at = ${due(now, add)}, ${counted}${furtherColumns.join('')}
       WHERE ${this.heldBy(lease, add)}`,
      values,
    )) as [unknown, number];
    return ended > 0;
  }
}

function failingSince(now: () => string): string {
  return `failing_since = coalesce(failing_since, ${now()})`;
}
