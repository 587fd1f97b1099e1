import type { ClientBase } from 'pg';
import { UnusableDatabaseError } from '../unusable-database-error.js';

/** What a pool is used for. Migrations run without timeouts; services keep the operator's timeouts. */
export type SessionUse = 'service' | 'migration';

/**
 * Settings that this system relies on. They override those of the server, the database and the role.
 * `default_transaction_read_only` is not set here, because an operator may make a database read-only on purpose.
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
  // Compiling takes longer than the statements of this system.
  jit: 'off',
  // A connection of the pool may be idle for a long time.
  idle_session_timeout: '0',
};

const PINNED_FOR: Readonly<Record<SessionUse, Readonly<Record<string, string>>>> = {
  // A transaction that is idle this long belongs to a process that hangs, and its locks block others.
  service: { idle_in_transaction_session_timeout: '60s' },
  migration: {
    idle_in_transaction_session_timeout: '0',
    statement_timeout: '0',
    lock_timeout: '0',
    transaction_timeout: '0', // since Postgres 17
  },
};

/** Settings of the operator. Behind a pooler they are reset, because another client may have changed the session. */
const INHERITED = ['search_path', 'statement_timeout', 'lock_timeout', 'transaction_timeout'];

/**
 * Settings that depend on the current values. `synchronous_commit` stays `remote_apply` or becomes `on`. A search path
 * without an existing schema becomes `public`.
 */
const COMPUTED = `
  ('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END),
  ('search_path', CASE WHEN current_schema() IS NULL THEN 'public' END)`;

/** The result of {@link pinSession}. */
export interface PinnedSession {
  /** False behind a pooler: the next transaction may run in another session. */
  isDirect: boolean;
  /** Statements that apply the same settings to one transaction. They have to be its first statements. */
  localSettings: string;
}

/**
 * Applies the settings in one round trip. Behind a pooler, the process id that the client got is not that of the
 * session. Then nothing is set, because other clients share the session; each transaction has to apply `localSettings`.
 *
 * @param timeoutMs the deadline for the server's answer
 * @throws UnusableDatabaseError when the database's encoding is not UTF8
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
    // First; a transaction that needs another level sets it later.
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
