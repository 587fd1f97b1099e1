import { randomUUID } from 'node:crypto';
import { databaseNow, type Queryable } from './database-now.js';

/** The values of a primary key. It begins with the guild. */
export type LeaseKey<Key> = Readonly<Key> & { readonly guildId: string };

/** The exclusive right to work on a row for a limited time. */
export interface Lease {
  /** Identifies the holder. Every claim of a row has a new value. */
  readonly claim: string;
  /** When the lease expires, by the database's clock. */
  until: Date;
}

export interface LeaseTableOptions<Key> {
  table: string;
  /** The column of each property of the key. */
  key: { readonly [Property in keyof Key]: string };
  /** Milliseconds until a lease expires if it is not renewed. */
  leaseMs: number;
  /** @defaultValue claim, claimed_until */
  columns?: LeaseColumns;
  /**
   * The leases are never renewed. So the expiry also identifies the holder, which matters with instances of an older
   * version, as these write no claim. @defaultValue false
   */
  isNeverRenewed?: boolean;
}

export interface LeaseColumns {
  claim: string;
  until: string;
}

/** Adds a value to a statement's parameters. @returns its placeholder */
export type AddParameter = (value: unknown) => string;

/** The parameters of a statement, numbered in the order in which they are added. */
export class Parameters {
  readonly values: unknown[] = [];

  readonly add: AddParameter = (value) => `$${this.values.push(value)}`;
}

/**
 * A table whose rows are leased to one holder at a time, across all instances. A lease expires by the database's clock,
 * so that the rows of a crashed process become free. A holder that was suspended for longer may have been replaced: so
 * every write must check that the lease is still held ({@link heldBy}).
 */
export class LeaseTable<Key> {
  readonly leaseMs: number;
  protected readonly table: string;
  protected readonly columns: LeaseColumns;
  protected readonly key: readonly (readonly [property: keyof Key, column: string])[];
  private readonly isNeverRenewed: boolean;

  constructor({ table, key, leaseMs, columns, isNeverRenewed }: LeaseTableOptions<Key>) {
    this.table = table;
    this.key = Object.entries(key) as [keyof Key, string][];
    this.leaseMs = leaseMs;
    this.columns = columns ?? { claim: 'claim', until: 'claimed_until' };
    this.isNeverRenewed = isNeverRenewed ?? false;
  }

  /** SQL condition: this lease still holds the row. */
  heldBy(lease: LeaseKey<Key> & Lease, add: AddParameter): string {
    const isClaimed = `${this.matchesKey(lease, add)} AND ${this.columns.claim} = ${add(lease.claim)}`;
    return this.isNeverRenewed ? `${isClaimed} AND ${this.columns.until} = ${add(lease.until)}` : isClaimed;
  }

  /** Extends the lease to its full duration. @returns false if it is not held any more or the row is deleted */
  async renew(database: Queryable, lease: LeaseKey<Key> & Lease): Promise<boolean> {
    const until = this.endOf(await databaseNow(database));
    const { values, add } = new Parameters();
    const [, renewed] = (await database.query(
      `UPDATE ${this.table} SET ${this.columns.until} = ${add(until)} WHERE ${this.heldBy(lease, add)}`,
      values,
    )) as [unknown, number];
    if (renewed > 0) lease.until = until;
    return renewed > 0;
  }

  /** Deletes the row. @returns false if the lease is not held any more or the row is deleted */
  async drop(database: Queryable, lease: LeaseKey<Key> & Lease): Promise<boolean> {
    const { values, add } = new Parameters();
    const [, dropped] = (await database.query(
      `DELETE FROM ${this.table} WHERE ${this.heldBy(lease, add)}`,
      values,
    )) as [unknown, number];
    return dropped > 0;
  }

  protected matchesKey(key: LeaseKey<Key>, add: AddParameter): string {
    return this.key.map(([property, column]) => `${column} = ${add(key[property])}`).join(' AND ');
  }

  protected keyOf(key: LeaseKey<Key>): LeaseKey<Key> {
    return Object.fromEntries(this.key.map(([property]) => [property, key[property]])) as unknown as LeaseKey<Key>;
  }

  protected endOf(now: number): Date {
    return new Date(now + this.leaseMs);
  }
}

/** A table of locks: a row exists while its lock is held. It has `taken_at` and the columns of the lease. */
export class LockTable<Key> extends LeaseTable<Key> {
  /** @returns undefined if another holder has the lock */
  async take(database: Queryable, key: LeaseKey<Key>): Promise<(LeaseKey<Key> & Lease) | undefined> {
    const now = await databaseNow(database);
    const lease = { ...key, claim: randomUUID(), until: this.endOf(now) };
    const { claim, until } = this.columns;
    const keyColumns = this.key.map(([, column]) => column);
    const { values, add } = new Parameters();
    const taken = (await database.query(
      `INSERT INTO ${this.table} AS held (${keyColumns.join(', ')}, ${claim}, taken_at, ${until})
       VALUES (${this.key.map(([property]) => add(key[property])).join(', ')},
         ${add(lease.claim)}, ${add(new Date(now))}, ${add(lease.until)})
       ON CONFLICT (${keyColumns.join(', ')}) DO UPDATE SET
         ${claim} = excluded.${claim}, taken_at = excluded.taken_at, ${until} = excluded.${until}
         WHERE held.${until} <= excluded.taken_at
       RETURNING ${claim}`,
      values,
    )) as unknown[];
    return taken.length > 0 ? lease : undefined;
  }

  /** Deletes expired locks: the processes that held them may never return. */
  async deleteExpired(database: Queryable): Promise<void> {
    const now = await databaseNow(database);
    await database.query(`DELETE FROM ${this.table} WHERE ${this.columns.until} < $1`, [new Date(now)]);
  }
}
