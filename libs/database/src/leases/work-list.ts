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
  /** Other columns that whoever claims a row gets, by property. */
  row?: { readonly [Property in keyof Row]: string };
  /** After runs that failed or did not come to their end. */
  pauses: Pauses;
  /** What has failed for so long is hopeless, in milliseconds. @defaultValue never */
  hopelessAfterMs?: (key: LeaseKey<Key>) => number;
  /** Assigned when a row is claimed, as SQL. */
  alsoOnClaim?: string;
  /**
   * When a claimed row is due again if nobody ends the lease, in Unix milliseconds.
   * @defaultValue after a growing pause
   */
  dueAfterClaim?: (key: LeaseKey<Key>, now: number) => number;
}

/** A row that is due. */
export type DueRow<Key> = LeaseKey<Key> & {
  /** Runs in a row that failed or did not come to their end. */
  readonly attempts: number;
};

export type ClaimedRow<Key, Row> = LeaseKey<Key> &
  Row &
  Lease & {
    /** Runs in a row before this one that failed or did not come to their end. */
    readonly attempts: number;
    readonly failingSince: Date | null;
    /** The run before this one did not come to its end: its process died, or could not reach the database. */
    readonly wasLeft: boolean;
    /** It has failed for so long that it is to be given up when it fails again. */
    readonly isHopeless: boolean;
  };

/**
 * When the row is due next, as SQL; the columns are those from before the end of the lease.
 *
 * @param now by the database's clock, in Unix milliseconds
 */
export type NextDue = (now: number, add: AddParameter) => string;

export interface Ending {
  due: NextDue;
  /** Values of other columns, by column. @param now by the database's clock */
  set?: (now: Date) => Readonly<Record<string, unknown>>;
}

interface Claiming {
  attempts: number;
  failing_since: Date | null;
  was_left: boolean;
  claimed_until: Date;
}

/** Due after so many milliseconds. */
export const after =
  (ms: number): NextDue =>
  (now, add) =>
    `${add(new Date(now + ms))}::timestamptz`;

/**
 * Work that is due at its time, in a table whose rows have `due_at` (null: nothing to do), `claim`, `claimed_until`,
 * `attempts` and `failing_since`. Each row is claimed, worked on, and then succeeds, fails, is postponed or dropped.
 *
 * A claim counts as an attempt before the work begins, and makes the row due again after a pause that grows with the
 * attempts: so a run that ends its process is tried again like one that failed.
 *
 * Rows are claimed one by one, each when its turn has come: the lease of a row that waits for its turn would run out.
 */
export class WorkList<Key, Row = unknown> extends LeaseTable<Key> {
  private readonly options: WorkListOptions<Key, Row>;
  private readonly row: readonly (readonly [property: string, column: string])[];

  constructor(options: WorkListOptions<Key, Row>) {
    super(options);
    this.options = options;
    this.row = Object.entries((options.row ?? {}) as Record<string, string>);
  }

  /** The condition that a row is due and nobody works on it. @param now a placeholder */
  isDue(now: string): string {
    return `due_at <= ${now} AND (claimed_until IS NULL OR claimed_until <= ${now})`;
  }

  /** So many rows that are due and that nobody works on, those that have waited longest first. */
  async findDue(database: Queryable, limit: number): Promise<DueRow<Key>[]> {
    const keys = this.key.map(([property, column]) => `${column} AS "${String(property)}"`);
    const columns = this.key.map(([, column]) => column);
    return (await database.query(
      `SELECT ${keys.join(', ')}, attempts FROM ${this.table} WHERE ${this.isDue('$1')}
       ORDER BY due_at, ${columns.join(', ')} LIMIT $2`,
      [new Date(await databaseNow(database)), limit],
    )) as DueRow<Key>[];
  }

  /** @returns undefined when the row is not due any more, or somebody else is at it */
  async claim(database: Queryable, due: DueRow<Key>): Promise<ClaimedRow<Key, Row> | undefined> {
    const now = await databaseNow(database);
    const claim = randomUUID();
    const until = this.endOf(now);
    const { values, add } = new Parameters();
    const nowParameter = add(new Date(now));
    const { alsoOnClaim } = this.options;
    const [rows] = (await database.query(
      `WITH due AS MATERIALIZED (
         SELECT claim IS NOT NULL AS was_left FROM ${this.table}
         WHERE ${this.isRow(due, add)} AND attempts = ${add(due.attempts)} AND ${this.isDue(nowParameter)}
         FOR UPDATE SKIP LOCKED
       )
       UPDATE ${this.table} SET claim = ${add(claim)}, claimed_until = ${add(until)},
         due_at = ${add(new Date(this.dueAfterClaim(due, now)))}, attempts = attempts + 1,
         failing_since = CASE WHEN was_left THEN coalesce(failing_since, ${nowParameter}) ELSE failing_since END
         ${alsoOnClaim === undefined ? '' : `, ${alsoOnClaim}`}
       FROM due WHERE ${this.isRow(due, add)}
       RETURNING attempts, failing_since, was_left, claimed_until
         ${this.row.map(([property, column]) => `, ${column} AS "${property}"`).join('')}`,
      values,
    )) as [(Claiming & Row)[], number];
    if (rows.length === 0) return undefined;
    const { attempts, failing_since: failingSince, was_left: wasLeft, claimed_until, ...row } = rows[0]!;
    const failingForMs = failingSince === null ? 0 : now - failingSince.getTime();
    const isHopeless = failingForMs >= (this.options.hopelessAfterMs?.(due) ?? Infinity);
    const lease = { claim, until: claimed_until, attempts: attempts - 1, failingSince, wasLeft, isHopeless };
    return { ...this.keyOf(due), ...row, ...lease } as ClaimedRow<Key, Row>;
  }

  /** The work is done. @returns false, with nothing changed, when the lease is not held any more */
  succeed(database: Queryable, lease: ClaimedRow<Key, Row>, ending: Ending): Promise<boolean> {
    return this.end(database, lease, ending, () => 'attempts = 0, failing_since = NULL');
  }

  /** It is to be tried again, after a growing pause by default. @returns as {@link succeed} */
  fail(database: Queryable, lease: ClaimedRow<Key, Row>, ending: Partial<Ending> = {}): Promise<boolean> {
    const due = after(this.pauseAfter(lease));
    return this.end(database, lease, { due, ...ending }, failingSince);
  }

  /**
   * It has to wait, so the attempt does not count.
   *
   * @param isFailing whether something is wrong, for which it may be given up some time
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

  /** How long to wait when this run fails, in milliseconds. */
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
    const others = Object.entries(set?.(new Date(now)) ?? {}).map(([column, value]) => `, ${column} = ${add(value)}`);
    const counted = count(() => `${add(new Date(now))}::timestamptz`);
    const [, ended] = (await database.query(
      `UPDATE ${this.table} SET claim = NULL, claimed_until = NULL, due_at = ${due(now, add)}, ${counted}${others.join('')}
       WHERE ${this.heldBy(lease, add)}`,
      values,
    )) as [unknown, number];
    return ended > 0;
  }
}

function failingSince(now: () => string): string {
  return `failing_since = coalesce(failing_since, ${now()})`;
}
