import { randomUUID } from 'node:crypto';
import { databaseNow, type Queryable } from './database-now.js';

/** The values of a primary key, which begins with the guild. */
export type LeaseKey<Key> = Readonly<Key> & { readonly guildId: string };

/** The right to work on a row for a while. */
export interface Lease {
  /** Whoever has it. A row that was given to another has another claim. */
  readonly claim: string;
  /** When it ends by itself, by the database's clock. */
  until: Date;
}

export interface LeaseTableOptions<Key> {
  table: string;
  /** The columns of the primary key, by property of the key. */
  key: { readonly [Property in keyof Key]: string };
  /** How long a lease lasts that is not renewed, in milliseconds. */
  leaseMs: number;
  /** @defaultValue claim, claimed_until */
  columns?: LeaseColumns;
  /**
   * The leases are never renewed, so each has one end, and another end means another holder: an instance that runs an
   * older version writes no claim. @defaultValue false
   */
  isNeverRenewed?: boolean;
}

export interface LeaseColumns {
  claim: string;
  until: string;
}

/** Adds a value to the parameters of a statement. @returns its placeholder */
export type AddParameter = (value: unknown) => string;

/** A statement's parameters, which get their numbers as they are added. */
export class Parameters {
  readonly values: unknown[] = [];

  readonly add: AddParameter = (value) => `$${this.values.push(value)}`;
}

/**
 * Rows on which one holder works at a time, whichever instance it is in. A lease ends by itself after some time, by the
 * database's clock, so that what a process held that died is free again. A holder who wakes up later than that may find
 * another one at work: so whatever it writes, it writes on the condition that it still holds the lease.
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

  /** The condition that the row is still the holder's, for the statements of whoever writes what belongs to it. */
  heldBy(lease: LeaseKey<Key> & Lease, add: AddParameter): string {
    const isClaimed = `${this.isRow(lease, add)} AND ${this.columns.claim} = ${add(lease.claim)}`;
    return this.isNeverRenewed ? `${isClaimed} AND ${this.columns.until} = ${add(lease.until)}` : isClaimed;
  }

  /** The lease lasts its full time again. @returns false when somebody else has the row, or it is gone */
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

  /** Deletes the row. @returns false when somebody else has it, or it is gone */
  async drop(database: Queryable, lease: LeaseKey<Key> & Lease): Promise<boolean> {
    const { values, add } = new Parameters();
    const [, dropped] = (await database.query(
      `DELETE FROM ${this.table} WHERE ${this.heldBy(lease, add)}`,
      values,
    )) as [unknown, number];
    return dropped > 0;
  }

  protected isRow(key: LeaseKey<Key>, add: AddParameter): string {
    return this.key.map(([property, column]) => `${column} = ${add(key[property])}`).join(' AND ');
  }

  protected keyOf(key: LeaseKey<Key>): LeaseKey<Key> {
    return Object.fromEntries(this.key.map(([property]) => [property, key[property]])) as unknown as LeaseKey<Key>;
  }

  protected endOf(now: number): Date {
    return new Date(now + this.leaseMs);
  }
}

/** A table in which a row is there as long as somebody holds it: `taken_at` beside the columns of the lease. */
export class LockTable<Key> extends LeaseTable<Key> {
  /** @returns undefined while somebody else holds it */
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

  /** Deletes what processes that died held: nobody may come back for it. */
  async sweep(database: Queryable): Promise<void> {
    const now = await databaseNow(database);
    await database.query(`DELETE FROM ${this.table} WHERE ${this.columns.until} < $1`, [new Date(now)]);
  }
}
