import type { DataSource } from 'typeorm';
import { createDataSource, migrateDatabase } from '#libs/database';
import { dropExpiredPeriods, updateCollectionPeriods } from '#libs/statistics';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';

const GUILD = '9223372036854775807';
const MIGRATION = 'CollectionPeriods1764200000000';

describe('collection periods', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 3, applicationName: 'test' }).initialize();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.release();
  });

  /** Stores the settings of the guild after a change at this second. */
  const set = (second: number, enabled: boolean, switches: string[]) =>
    database.query(
      `INSERT INTO guild_settings
         (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled, starboard_enabled)
       VALUES ($1, $2, $3, $4, $5, false, false)
       ON CONFLICT (guild_id) DO UPDATE
         SET enabled = excluded.enabled, updated_at = excluded.updated_at, switches = excluded.switches`,
      [GUILD, enabled, time(second - 1), time(second), switches],
    );
  const change = async (...settings: Parameters<typeof set>) => {
    await set(...settings);
    await updateCollectionPeriods(dataSource.manager, GUILD);
  };
  const periods = () =>
    database.query(`SELECT name, began_at, ended_at FROM collection_periods ORDER BY name, began_at`);
  const period = (name: string, from: number, to: number | null) => ({
    name,
    began_at: time(from),
    ended_at: to === null ? null : time(to),
  });

  it('should start with the current settings when the migration introduces them', async () => {
    await set(10, true, ['a', 'b']);
    await database.query('DROP TABLE collection_periods');
    await database.query('DELETE FROM schema_migrations WHERE name = $1', [MIGRATION]);
    expect(await migrateDatabase(dataSource, { eventDays: 62, summaryDays: 400 })).toEqual([MIGRATION]);
    expect(await periods()).toEqual([period('a', 10, null), period('b', 10, null), period('module', 9, null)]);
  });

  it('should record every change of the switches, and nothing for other changes', async () => {
    await change(1, true, []);
    await change(2, true, ['a', 'b']);
    await change(3, true, ['b', 'a']);
    await change(4, true, ['b', 'c']);
    await change(5, false, ['b', 'c']);
    await change(6, true, ['a', 'b', 'c']);
    expect(await periods()).toEqual([
      period('a', 2, 4),
      period('a', 6, null),
      period('b', 2, null),
      period('c', 4, null),
      period('module', 1, 5),
      period('module', 6, null),
    ]);
  });

  it('should handle several changes at the same time, and a clock that is set back', async () => {
    await change(2, true, ['a']);
    await change(2, true, []);
    expect(await periods()).toEqual([period('a', 2, 2), period('module', 2, null)]);
    await change(2, true, ['a']);
    expect(await periods()).toEqual([period('a', 2, null), period('module', 2, null)]);
    await change(1, true, []);
    expect(await periods()).toEqual([period('a', 2, 2), period('module', 2, null)]);
  });

  it('should not change those of another guild', async () => {
    await change(1, true, ['a']);
    await updateCollectionPeriods(dataSource.manager, '5');
    expect(await periods()).toEqual([period('a', 1, null), period('module', 1, null)]);
  });

  it('should be dropped after the retention of summaries, but never while they are open', async () => {
    await database.query(
      `INSERT INTO collection_periods VALUES
         (1, 'long ago', now() - interval '900 days', now() - interval '401 days'),
         (1, 'kept', now() - interval '900 days', now() - interval '399 days'),
         (1, 'on', now() - interval '900 days', NULL)`,
    );
    await dropExpiredPeriods(dataSource.manager, 400);
    expect((await periods()).map(({ name }) => name as string)).toEqual(['kept', 'on']);
  });
});

function time(second: number): Date {
  return new Date(Date.UTC(2026, 10, 24, 10, 0, second));
}
