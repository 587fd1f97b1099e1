import type { DataSource } from 'typeorm';
import { createDataSource, lockStripe } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from './query-in-process.js';

/** More than two steps erase. */
const MANY = 12_000;
const MEMBER = '155149108183695360';

interface Entries {
  total: number;
  statistics: Record<string, number>;
  starboard: number;
}

describe('erasures that take several steps', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let query: QueryInProcess;
  let guild_id: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'test' }).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });
  beforeEach(async () => {
    query = await startQueryInProcess(database.url);
    guild_id = newGuildId();
    await query.client.openGuild(guild_id);
  });
  afterEach(() => query.close());

  it('answer when all is done, with what GET counted before', async () => {
    await storeMany();
    await database.query('INSERT INTO starboard_entries VALUES ($1, 5, 6, $2)', [guild_id, MEMBER]);
    const before = (await entries()).data;
    expect(before).toMatchObject({ total: MANY + 1, starboard: 1, statistics: { 'command.used': MANY } });
    expect((await erase()).data).toEqual(before);
    expect((await entries()).data).toMatchObject({ total: 0, starboard: 0, statistics: { 'command.used': 0 } });
    expect((await erase()).data).toMatchObject({ total: 0 });
    const view = await query.client.get<unknown[]>('stats/command/view', { guild_id });
    expect(view.data).toHaveLength(10_000);
  });

  it('go on by themselves when the service stops, and the caller is told', async () => {
    await storeMany();
    const holder = dataSource.createQueryRunner();
    await holder.startTransaction();
    const erasing = erase();
    await waitFor(async () => (await unfinished()) === 1, { what: 'the first step', intervalMs: 1 });
    await lockStripe(holder.manager, guild_id);
    const closing = query.close();
    await waitFor(async () => isWaiting(), { what: 'the next step to wait' });
    await holder.rollbackTransaction();
    await holder.release();
    const answer = await erasing;
    await closing;
    expect(answer).toMatchObject({ status: 503, error: { name: 'DatabaseError' } });
    expect(answer.error.message).toContain('goes on by itself');
    expect(await unfinished()).toBe(1);
    query = await startQueryInProcess(database.url);
    expect((await erase()).data).toMatchObject({ total: MANY });
    expect(await unfinished()).toBe(0);
  });

  it('of a guild are finished before it is enabled again', async () => {
    await storeMany();
    // As a process leaves it that dies after the first step.
    await database.query(`DELETE FROM guild_settings WHERE guild_id = $1`, [guild_id]);
    await database.query(
      `INSERT INTO erasure_tombstones (guild_id, user_id, before, erased_at) VALUES ($1, 0, now(), now())`,
      [guild_id],
    );
    await database.query(
      `INSERT INTO erasures (guild_id, user_id, before, begun_at, events_by_kind, starboard_entries)
       VALUES ($1, 0, now(), now(), '{}', 0)`,
      [guild_id],
    );
    expect((await query.client.get('status', { guild_id })).data).toEqual({ guild_id, enabled: false });
    await query.client.openGuild(guild_id);
    const view = await query.client.get('stats/command/view', { guild_id });
    expect(view).toMatchObject({ status: 200, data: [] });
    expect(await unfinished()).toBe(0);
    const left = await database.query('SELECT FROM statistic_events WHERE guild_id = $1 LIMIT 1', [guild_id]);
    expect(left).toEqual([]);
  });

  it('of a guild end with nothing left of it', async () => {
    await storeMany(25_000);
    const answer = await query.client.send('DELETE', 'settings/delete', { guild_id });
    expect(answer.data).toEqual({ guild_id, deleted: true });
    const left = await database.query('SELECT FROM statistic_events WHERE guild_id = $1 LIMIT 1', [guild_id]);
    expect(left).toEqual([]);
    expect(await unfinished()).toBe(0);
  });

  const form = () => ({ guild_id, privacy_member_id: MEMBER });
  const entries = () => query.client.get<Entries>('privacy/get-user-entries', form());
  const erase = () => query.client.send<Entries>('DELETE', 'privacy/delete-user-entries', form());

  /** Commands of the last hour. */
  async function storeMany(count = MANY): Promise<void> {
    await database.query(
      `INSERT INTO statistic_events (guild_id, kind, occurred_at, event_id, user_id, label)
       SELECT $1, 1, now() - interval '1 hour' + n * interval '1 millisecond', gen_random_uuid(), $2, 'x'
       FROM generate_series(1, $3) n`,
      [guild_id, MEMBER, count],
    );
    await database.query(
      `INSERT INTO statistic_rollup_pending (guild_id, kind, bucket)
       SELECT DISTINCT guild_id, kind, date_bin('15 minutes', occurred_at, 'epoch') FROM statistic_events
       WHERE guild_id = $1`,
      [guild_id],
    );
  }

  async function unfinished(): Promise<number> {
    return (await database.query('SELECT FROM erasures WHERE guild_id = $1', [guild_id])).length;
  }

  async function isWaiting(): Promise<boolean> {
    const waiting = await database.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'serverstats-query' AND wait_event = 'advisory'`,
    );
    return waiting.length > 0;
  }
});
