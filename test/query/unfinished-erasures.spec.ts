import type { DataSource, QueryRunner } from 'typeorm';
import { createDataSource, lockStripe } from '#libs/database';
import { Eraser } from '#libs/erasure';
import { HTTP_LIMITS } from '#libs/observability';
import { ERASURE_TIMEOUT_MS } from '../../apps/query/src/database/guild-eraser.js';
import { SteppedRun } from '../harness/stepped-data-source.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

/** An erasure of this many events takes three steps. */
const MANY = 12_000;
const MEMBER = '155149108183695360';
const CONTINUES = expect.stringContaining('continues in the background') as string;
const NOTHING_DONE = expect.stringContaining('Nothing was changed') as string;

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
  const holders: QueryRunner[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'test' }).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.release();
  });
  beforeEach(async () => {
    query = await startQueryInProcess(database.url);
    guild_id = newGuildId();
    await query.client.openGuild(guild_id);
  });
  afterEach(async () => {
    for (const holder of holders.splice(0)) if (!holder.isReleased) await rollBack(holder);
    await query.close();
  });

  it('answer when everything is erased, with what GET counted before', async () => {
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

  it('report that they are unfinished if the service stops, and continue after its restart', async () => {
    await storeMany();
    const release = await blockSecondStep();
    const erasing = erase();
    await waitFor(isBlocked, { what: 'the second step to wait' });
    const closing = query.close();
    await waitFor(isClosed, { what: 'the service to stop accepting requests' });
    await release();
    const answer = await erasing;
    await closing;
    expect(answer).toMatchObject({ status: 503, error: { name: 'DatabaseError', message: CONTINUES } });
    expect(await unfinished()).toBe(1);
    query = await startQueryInProcess(database.url);
    expect((await erase()).data).toMatchObject({ total: MANY });
    expect(await unfinished()).toBe(0);
  });

  it('report that they are unfinished if they exceed the time limit of an answer, and continue by themselves', async () => {
    await restart({ erasureTimeoutMs: 1_500 });
    await storeMany();
    const release = await blockSecondStep();
    expect(await erase()).toMatchObject({ status: 503, error: { name: 'DatabaseError', message: CONTINUES } });
    // The second erasure cannot write its tombstone while the first is in a step, and gives up at the time limit.
    expect(await erase()).toMatchObject({ status: 503, error: { name: 'DatabaseError', message: NOTHING_DONE } });
    await waitFor(isBlocked, { what: 'the second step to wait' });
    expect(await unfinished()).toBe(1);
    await release();
    await waitFor(async () => (await unfinished()) === 0, { what: 'the end of the erasure' });
    expect((await entries()).data).toMatchObject({ total: 0 });
    expect(ERASURE_TIMEOUT_MS).toBeLessThan(HTTP_LIMITS.stalledTimeoutMs);
  });

  it('are logged with their guild and request if they fail after the request was answered', async () => {
    await restart({ erasureTimeoutMs: 1_500 });
    await storeMany();
    const release = await blockSecondStep();
    expect(await erase()).toMatchObject({ status: 503, error: { message: CONTINUES } });
    await waitFor(isBlocked, { what: 'the second step to wait' });
    await endBlockedSessions();
    const failed = () => query.log.filter(({ msg }) => msg === 'an erasure failed after its request had timed out');
    await waitFor(() => failed().length > 0, { what: 'the failure to be logged' });
    expect(failed()).toMatchObject([{ guild_id, request_id: expect.any(String), error: expect.any(String) }]);
    await release();
  });

  it('change nothing if they cannot start within the time limit of an answer', async () => {
    await restart({ erasureTimeoutMs: 300 });
    await storeMany(10);
    const holder = await hold();
    await lockStripe(holder.manager, guild_id);
    expect(await erase()).toMatchObject({
      status: 503,
      error: { message: expect.stringContaining('Nothing was changed') },
    });
    await rollBack(holder);
    await waitFor(async () => (await busyConnections()) === 0, { what: 'the service to release the stripe' });
    expect((await entries()).data).toMatchObject({ total: 10 });
  });

  it('do not block the erasures of others while they wait for another process', async () => {
    const elsewhere = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'other' }).initialize();
    const slow = new SteppedRun(elsewhere, () => new Eraser(elsewhere).eraseMember(guild_id, MEMBER));
    while (!(await slow.next())!.includes('LOCK TABLE')) await slow.step(async () => false);
    const repeats = Array.from({ length: 10 }, () => erase());
    let erased = 0;
    const others = (async () => {
      for (; erased < 10; erased++) await erase(newGuildId());
    })();
    await waitFor(() => erased === 10, { what: 'the erasures of others' });
    await others;
    await slow.finish();
    for (const { status } of await Promise.all(repeats)) expect(status).toBe(200);
    await elsewhere.destroy();
  });

  it('of a guild are finished before the guild is enabled again', async () => {
    await storeMany();
    // The state that a process leaves if it dies after the first step.
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

  it('of a guild leave nothing of it', async () => {
    await storeMany(25_000);
    const answer = await query.client.send('DELETE', 'settings/delete', { guild_id });
    expect(answer.data).toEqual({ guild_id, deleted: true });
    const left = await database.query('SELECT FROM statistic_events WHERE guild_id = $1 LIMIT 1', [guild_id]);
    expect(left).toEqual([]);
    expect(await unfinished()).toBe(0);
  });

  const form = (guild = guild_id, member = MEMBER) => ({ guild_id: guild, privacy_member_id: member });
  const entries = () => query.client.get<Entries>('privacy/get-user-entries', form());
  const erase = (guild?: string, member?: string) =>
    query.client.send<Entries>('DELETE', 'privacy/delete-user-entries', form(guild, member));
  const isClosed = () =>
    fetch(`${query.url}/livez`).then(
      ({ status }) => status === 503,
      () => true,
    );

  async function restart(options: Parameters<typeof startQueryInProcess>[2]): Promise<void> {
    await query.close();
    query = await startQueryInProcess(database.url, {}, options);
  }

  /** Starts a transaction of another session. */
  async function hold(): Promise<QueryRunner> {
    const holder = dataSource.createQueryRunner();
    holders.push(holder);
    await holder.startTransaction();
    return holder;
  }

  async function rollBack(holder: QueryRunner): Promise<void> {
    await holder.rollbackTransaction();
    await holder.release();
  }

  /** Locks an event that the second step erases. @returns a function that releases the lock */
  async function blockSecondStep(): Promise<() => Promise<void>> {
    const holder = await hold();
    await holder.query(
      `SELECT FROM statistic_events WHERE guild_id = $1 AND occurred_at = (
         SELECT occurred_at FROM statistic_events WHERE guild_id = $1 AND user_id = $2
         ORDER BY occurred_at OFFSET 7500 LIMIT 1
       ) FOR UPDATE`,
      [guild_id, MEMBER],
    );
    return () => rollBack(holder);
  }

  /** Stores commands of the last hour. */
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

  /** As when the connection of the service breaks. */
  async function endBlockedSessions(): Promise<void> {
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'serverstats-query' AND wait_event_type = 'Lock'`,
    );
  }

  const isBlocked = async () => (await busyConnections(`AND wait_event_type = 'Lock'`)) > 0;

  /** How many connections of the service are in a transaction or a statement. */
  async function busyConnections(condition = ''): Promise<number> {
    const connections = await database.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'serverstats-query' AND state <> 'idle' ${condition}`,
    );
    return connections.length;
  }
});
