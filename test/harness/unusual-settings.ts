import type { TestDatabase } from './test-database.js';

/** What an operator may have set for a database, where this system relies on the opposite. */
const UNUSUAL_SETTINGS = {
  default_transaction_isolation: 'repeatable read',
  default_transaction_deferrable: 'on',
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  array_nulls: 'off',
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  transform_null_equals: 'on',
  extra_float_digits: '-10',
  plan_cache_mode: 'force_generic_plan',
  synchronous_commit: 'off',
  idle_session_timeout: '2s',
  search_path: 'nowhere',
};

/** For the sessions that begin from now on. */
export async function setUnusually(database: TestDatabase, settings: Record<string, string> = UNUSUAL_SETTINGS) {
  for (const [name, value] of Object.entries(settings)) await setForDatabase(database, name, `'${value}'`);
}

/** Also where the database is read-only by now. */
export async function setForDatabase(database: TestDatabase, setting: string, value: string): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  await database.query(`BEGIN READ WRITE; ALTER DATABASE ${name} SET ${setting} TO ${value}; COMMIT`);
}
