import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import {
  countDefaultPartition,
  createDataSource,
  keepPartitions,
  createPartitions,
  migrateDatabase,
  partitionedTables,
  type Database,
} from '#libs/database';
import { systemClock } from '#libs/timing';
import { MaintenanceService } from '../../apps/ingestion/src/maintenance/maintenance.service.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';

const RETENTION = { eventDays: 62, summaryDays: 400 };
const events = partitionedTables(RETENTION).find(({ table }) => table === 'statistic_events')!;
const DAY_MS = 86_400_000;
/** One time for all tests, so that midnight does not matter. */
const NOW = new Date();
const inDays = (days: number) => new Date(NOW.getTime() + days * DAY_MS);

describe('keepPartitions', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 4, applicationName: 'test' }).initialize();
    await keepPartitions(dataSource, events, NOW);
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.release();
  });

  const insert = (occurredAt: Date) =>
    database.query(
      `INSERT INTO statistic_events (guild_id, kind, occurred_at, event_id) VALUES (1, 1, $1, gen_random_uuid())`,
      [occurredAt],
    );

  it('should do nothing after a migration', async () => {
    expect(await keepPartitions(dataSource, events, NOW)).toEqual({ created: [], dropped: [], busy: [], failures: [] });
  });

  it('should move events from the default partition to the new partition', async () => {
    const future = inDays(9);
    await insert(future);
    expect(await countDefaultPartition(dataSource, events)).toBe(1);
    const { created } = await keepPartitions(dataSource, events, inDays(3));
    expect(created.length).toBeGreaterThan(0);
    expect(await countDefaultPartition(dataSource, events)).toBe(0);
    const rows = await database.query('SELECT occurred_at FROM statistic_events');
    expect(rows).toEqual([{ occurred_at: future }]);
  });

  it('should drop only whole days after the retention', async () => {
    const [old, kept] = [inDays(-62), inDays(-60)];
    await insert(old);
    await insert(kept);
    const { dropped } = await keepPartitions(dataSource, events, inDays(1));
    expect(dropped).toEqual([`statistic_events_${old.toISOString().slice(0, 10).replaceAll('-', '')}`]);
    expect(await database.query('SELECT occurred_at FROM statistic_events')).toEqual([{ occurred_at: kept }]);
  });

  it('should drop nothing at the start of a service, even with a shorter retention', async () => {
    const old = inDays(-60);
    await insert(old);
    const dropping = partitionedTables({ eventDays: 5, summaryDays: 5 }).find(({ table }) => table === events.table)!;
    await migrateDatabase(dataSource, { eventDays: 5, summaryDays: 5 });
    await createPartitions(dataSource, dropping, NOW);
    expect(await database.query('SELECT occurred_at FROM statistic_events')).toEqual([{ occurred_at: old }]);
  });

  it('should not wait for a partition that is being read, and report it as busy', async () => {
    const reader = dataSource.createQueryRunner();
    await reader.startTransaction();
    await reader.query('SELECT count(*) FROM statistic_events');
    const { dropped, busy } = await keepPartitions(dataSource, events, inDays(1));
    await reader.rollbackTransaction();
    await reader.release();
    expect(dropped).toEqual([]);
    expect(busy.length).toBeGreaterThan(0);
    expect((await keepPartitions(dataSource, events, inDays(1))).dropped).toHaveLength(1);
  });

  it('should do all other work if one partition cannot be created and another cannot be dropped', async () => {
    const later = inDays(3);
    const dayOf = (date: Date) => `statistic_events_${date.toISOString().slice(0, 10).replaceAll('-', '')}`;
    const [foreign, next] = [dayOf(inDays(9)), dayOf(inDays(10))];
    const [needed, old] = [dayOf(inDays(-62)), dayOf(inDays(-61))];
    await database.query(`CREATE TABLE ${foreign} (note text)`);
    await database.query(`CREATE VIEW needs_it AS SELECT * FROM ${needed}`);
    const { created, dropped, busy, failures } = await keepPartitions(dataSource, events, later);
    expect(created).toContain(next);
    expect(created).not.toContain(foreign);
    expect(dropped).toContain(old);
    expect(busy).toEqual([]);
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringContaining(`the table ${foreign} has the name of a partition`),
      expect.stringContaining(`dropping ${needed}: cannot drop table`),
    ]);
    await expect(createPartitions(dataSource, events, inDays(4))).rejects.toThrow(
      `the table ${foreign} has the name of`,
    );
  });

  it('should be done for other tables if one of them fails', async () => {
    await database.query('ALTER TABLE statistic_groups RENAME TO statistic_groups_away');
    await database.query(`INSERT INTO erasure_tombstones VALUES (1, 1, '-infinity', now())`);
    const lines: Record<string, unknown>[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
    const stub = {
      dataSource,
      isUsable: true,
      connected: () => Promise.resolve(),
      noteFailure: () => false,
    } as unknown as Database;
    const retention = { ...RETENTION, summaryDays: 500 };
    const service = new MaintenanceService(stub, retention, systemClock, logger, new Registry());
    service.onApplicationBootstrap();
    await service.onApplicationShutdown();
    expect(lines.filter(({ level }) => level === 50)).toMatchObject([{ table: 'statistic_groups' }]);
    expect(lines.filter(({ created }) => created !== undefined)).toMatchObject([
      { table: 'statistic_totals' },
      { table: 'guild_snapshots' },
      { table: 'guild_snapshot_days' },
    ]);
    expect(await database.query('SELECT * FROM erasure_tombstones')).toEqual([]);
  });

  it('should work in several instances at the same time', async () => {
    const later = inDays(20);
    const upkeeps = await Promise.all([1, 2, 3].map(() => keepPartitions(dataSource, events, later)));
    expect(upkeeps.flatMap(({ busy }) => busy)).toEqual([]);
    expect(await keepPartitions(dataSource, events, later)).toEqual({
      created: [],
      dropped: [],
      busy: [],
      failures: [],
    });
  });
});
