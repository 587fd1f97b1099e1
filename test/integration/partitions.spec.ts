import type { DataSource } from 'typeorm';
import { countDefaultPartition, createDataSource, keepPartitions, partitionedTables } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';

const [events] = partitionedTables({ eventDays: 62, summaryDays: 400 }) as [ReturnType<typeof partitionedTables>[0]];
const DAY_MS = 86_400_000;

describe('keepPartitions', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 4, applicationName: 'test' }).initialize();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const insert = (occurredAt: Date) =>
    database.query(
      `INSERT INTO statistic_events (guild_id, kind, occurred_at, event_id) VALUES (1, 1, $1, gen_random_uuid())`,
      [occurredAt],
    );

  it('should find nothing to do after a migration', async () => {
    expect(await keepPartitions(dataSource, events, new Date())).toEqual({ created: [], dropped: [], busy: [] });
  });

  it('should move what the default partition holds into the partition it makes', async () => {
    const future = new Date(Date.now() + 9 * DAY_MS);
    await insert(future);
    expect(await countDefaultPartition(dataSource, events)).toBe(1);
    const { created } = await keepPartitions(dataSource, events, new Date(Date.now() + 3 * DAY_MS));
    expect(created.length).toBeGreaterThan(0);
    expect(await countDefaultPartition(dataSource, events)).toBe(0);
    const rows = await database.query('SELECT occurred_at FROM statistic_events');
    expect(rows).toEqual([{ occurred_at: future }]);
  });

  it('should drop whole days after the retention, and only those', async () => {
    const [old, kept] = [new Date(Date.now() - 62 * DAY_MS), new Date(Date.now() - 60 * DAY_MS)];
    await insert(old);
    await insert(kept);
    const { dropped } = await keepPartitions(dataSource, events, new Date(Date.now() + DAY_MS));
    expect(dropped).toEqual([`statistic_events_${old.toISOString().slice(0, 10).replaceAll('-', '')}`]);
    expect(await database.query('SELECT occurred_at FROM statistic_events')).toEqual([{ occurred_at: kept }]);
  });

  it('should not hold up anybody behind a partition that is being read, and say that it was busy', async () => {
    const reader = dataSource.createQueryRunner();
    await reader.startTransaction();
    await reader.query('SELECT count(*) FROM statistic_events');
    const { dropped, busy } = await keepPartitions(dataSource, events, new Date(Date.now() + DAY_MS));
    await reader.rollbackTransaction();
    await reader.release();
    expect(dropped).toEqual([]);
    expect(busy.length).toBeGreaterThan(0);
    expect((await keepPartitions(dataSource, events, new Date(Date.now() + DAY_MS))).dropped).toHaveLength(1);
  });

  it('should work when several instances do it at the same time', async () => {
    const later = new Date(Date.now() + 20 * DAY_MS);
    const upkeeps = await Promise.all([1, 2, 3].map(() => keepPartitions(dataSource, events, later)));
    expect(upkeeps.flatMap(({ busy }) => busy)).toEqual([]);
    expect(await keepPartitions(dataSource, events, later)).toEqual({ created: [], dropped: [], busy: [] });
  });
});
