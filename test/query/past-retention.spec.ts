import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { CATALOGUE, StatisticsContract } from '#libs/contracts';
import { createDataSource, keepPartitions, partitionedTables } from '#libs/database';
import { RollupWorker } from '#libs/statistics';
import type { ApiClient } from '../harness/api-client.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { storeEvents } from './stored-events.js';

const GUILD = '1234567890123456789';
const MESSAGES = 'stats/message';
const DAY_MS = 86_400_000;
const now = Date.now();

/** Stores events from 1, 6, 9, 11 and 20 days ago, applies a retention of a week, and then one of 62 days. */
describe('after a short retention has deleted events and was raised', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let query: QueryInProcess;
  let client: ApiClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'test' }).initialize();
    await storeEvents(
      database,
      [1, 6, 9, 11, 20].map((days) => ({
        guildId: GUILD,
        kind: CATALOGUE['message.sent'].number,
        occurredAt: new Date(now - days * DAY_MS).toISOString(),
        eventId: randomUUID(),
        userId: '7',
        channelId: '8',
      })),
    );
    await new RollupWorker(dataSource, new StatisticsContract()).run(now + 3 * DAY_MS);
    for (const table of partitionedTables({ eventDays: 7, summaryDays: 400 })) {
      await keepPartitions(dataSource, table, new Date(now));
    }
    for (const table of partitionedTables({ eventDays: 62, summaryDays: 400 })) {
      await keepPartitions(dataSource, table, new Date(now));
    }
    query = await startQueryInProcess(database.url);
    ({ client } = query);
    await client.openGuild(GUILD);
  });
  afterAll(async () => {
    await query.close();
    await dataSource.destroy();
    await database.release();
  });

  const summary = async (parameters: Record<string, string | number>) =>
    (await client.get<Record<string, unknown>>(`${MESSAGES}/summary`, { guild_id: GUILD, ...parameters })).data;

  it('should summarize the records that are left, and return where they start', async () => {
    const { from, total, groups } = await summary({ days: 30, group_by: 'user' });
    expect({ total, groups }).toEqual({ total: 2, groups: [{ key: '7', count: 2 }] });
    const startOfKept = Math.floor((now - 7 * DAY_MS) / DAY_MS) * DAY_MS;
    expect(Date.parse(from as string)).toBe(startOfKept);
    expect(await client.walk(`${MESSAGES}/view`, { guild_id: GUILD })).toHaveLength(2);
    const download = await client.download(`${MESSAGES}/view?guild_id=${GUILD}&format=ndjson`);
    expect(download.trim().split('\n')).toHaveLength(2);
  });

  it('should compare with the totals of deleted events, but not if that needs the events themselves', async () => {
    expect(await summary({ days: 6 })).toMatchObject({ total: 1, previous_total: 3 });
    expect(await summary({ days: 6, user_id: 7 })).toMatchObject({ total: 1, previous_total: null });
    expect(await summary({ days: 6, channel_id: 8 })).toMatchObject({ total: 1, previous_total: null });
    const overview = await client.get<{ kinds: { kind: string }[] }>('stats/overview', { guild_id: GUILD, days: 6 });
    expect(overview.data.kinds.find(({ kind }) => kind === 'message.sent')).toMatchObject({
      total: 1,
      previous_total: 3,
    });
  });
});
