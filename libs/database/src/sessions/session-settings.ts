import type { ClientBase } from 'pg';
import { UnusableDatabaseError } from '../unusable-database-error.js';

/** What a pool is for. A migration takes as long as it takes; everything else keeps the timeouts of the operator. */
export type SessionUse = 'service' | 'migration';

/**
 * What this system relies on, whatever is set for the server, the database or the role. `default_transaction_read_only`
 * is not among them: an operator who makes a database read-only means it.
 */
const PINNED: Readonly<Record<string, string>> = {
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  array_nulls: 'on',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  extra_float_digits: '1',
  // A generic plan would lock every partition.
  plan_cache_mode: 'force_custom_plan',
  // Compiling takes longer than any statement of ours.
  jit: 'off',
  // A connection of a pool may be idle for long.
  idle_session_timeout: '0',
};

const PINNED_FOR: Readonly<Record<SessionUse, Readonly<Record<string, string>>>> = {
  // A transaction that does nothing for so long belongs to a process that hangs, and its locks stop others.
  service: { idle_in_transaction_session_timeout: '60s' },
  migration: {
    idle_in_transaction_session_timeout: '0',
    statement_timeout: '0',
    lock_timeout: '0',
    transaction_timeout: '0', // since Postgres 17
  },
};

/** Settings that the operator decides. Behind a pooler, what another program left in a session must not count. */
const INHERITED = ['search_path', 'statement_timeout', 'lock_timeout', 'transaction_timeout'];

/**
 * Computed where they are set. Who waits for a standby to apply a commit goes on doing so; nobody goes below the own
 * disk. A search path without a schema where tables could be made gets `public`.
 */
const COMPUTED = `
  ('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END),
  ('search_path', CASE WHEN current_schema() IS NULL THEN 'public' END)`;

/** What the server told of a session. */
export interface PinnedSession {
  /** False behind a pooler: the next transaction may run in another session. */
  isDirect: boolean;
  /** Statements that set the same for one transaction, as its first. */
  localSettings: string;
}

/**
 * Sets in one round trip what this system relies on. A pooler gives its clients process ids of its own; then nothing is
 * set, as the session belongs to others too, and whoever begins a transaction sets it for that.
 *
 * @param timeoutMs how long the server may take
 * @throws UnusableDatabaseError when the database is not in UTF8
 */
export async function pinSession(client: ClientBase, use: SessionUse, timeoutMs: number): Promise<PinnedSession> {
  const { processID = 0 } = client as ClientBase & { processID?: number };
  const isDirect = `pg_backend_pid() = ${processID}`;
  const pins = Object.entries({ ...PINNED, ...PINNED_FOR[use] }).map(([name, value]) => `('${name}', '${value}')`);
  const results = (await client.query({
    text: `
      SELECT ${isDirect} AS is_direct, current_database() AS database, current_setting('server_encoding') AS encoding;
      SELECT name, set_config(name, value, NOT ${isDirect}) AS value
      FROM (VALUES ${pins.join(', ')}, ${COMPUTED}) AS pin(name, value)
      WHERE value IS NOT NULL AND current_setting(name, true) IS NOT NULL;
      SELECT name FROM unnest('{${INHERITED.join(',')}}'::text[]) AS name WHERE current_setting(name, true) IS NOT NULL`,
    query_timeout: timeoutMs,
  } as { text: string })) as unknown as [
    { rows: [{ is_direct: boolean; database: string; encoding: string }] },
    { rows: { name: string; value: string }[] },
    { rows: { name: string }[] },
  ];
  const [{ is_direct, database, encoding }] = results[0].rows;
  if (encoding !== 'UTF8') throw new UnusableDatabaseError(wrongEncoding(database, encoding));
  return { isDirect: is_direct, localSettings: localSettings(results[1].rows, results[2].rows) };
}

function localSettings(pinned: { name: string; value: string }[], known: { name: string }[]): string {
  const inherited = known.filter(({ name }) => !pinned.some((pin) => pin.name === name));
  return [
    // As the first; a transaction that wants another level says so later.
    'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
    ...pinned.map(({ name, value }) => `SET LOCAL ${name} TO '${value}'`),
    ...inherited.map(({ name }) => `SET LOCAL ${name} TO DEFAULT`),
  ].join('; ');
}

function wrongEncoding(database: string, encoding: string): string {
  return (
    `DATABASE_URL: the encoding of the database "${database}" is ${encoding}, which cannot hold every text; ` +
    `expected UTF8, as made by: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0`
  );
}
