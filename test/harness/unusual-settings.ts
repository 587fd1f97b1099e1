import type { TestDatabase } from './test-database.js';

/** Database settings of an operator that differ from what this system relies on. */
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

/** Applies settings to new sessions of the database. */
export async function applyUnusualSettings(
  database: TestDatabase,
  settings: Record<string, string> = UNUSUAL_SETTINGS,
) {
  for (const [name, value] of Object.entries(settings)) await setForDatabase(database, name, `'${value}'`);
}

/** Changes a setting, even if the database is already read-only. */
export async function setForDatabase(database: TestDatabase, setting: string, value: string): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  await database.query(`BEGIN READ WRITE; ALTER DATABASE ${name} SET ${setting} TO ${value}; COMMIT`);
}
