import type { DataSource, QueryRunner } from 'typeorm';
import { createDataSource, lockStripe, stripeOf } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { download } from './download.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

const MEMBER = '155149108183695360';

/** The requests hold their connections while another session locks what they need. */
describe('requests that hold database connections for a long time', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let holder: QueryRunner;
  let query: QueryInProcess;
  let guild_id: string;
  /** A guild of another stripe. */
  let other: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'test' }).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.release();
  });
  afterEach(async () => {
    if (holder.isTransactionActive) await holder.rollbackTransaction();
    await holder.release();
    await query.close();
  });

  async function start(poolSize: number): Promise<void> {
    query = await startQueryInProcess(database.url, { DATABASE_POOL_SIZE: String(poolSize) });
    guild_id = newGuildId();
    do other = newGuildId();
    while (stripeOf(other) === stripeOf(guild_id));
    for (const guild of [guild_id, other]) await query.client.openGuild(guild);
    // Each guild has an entry of the member.
    for (const guild of [guild_id, other]) {
      await database.query('INSERT INTO starboard_entries VALUES ($1, 5, 6, $2)', [guild, MEMBER]);
    }
    holder = dataSource.createQueryRunner();
    await holder.startTransaction();
  }

  const member = (user: string) => `privacy_member_id=${user}`;
  const erase = (guild: string | undefined, privacy_member_id: string) =>
    query.client.send('DELETE', 'privacy/delete-user-entries', { guild_id: guild, privacy_member_id });
  const summary = (guild: string) => query.client.get('stats/command/summary', { guild_id: guild });
  const change = (guild: string) =>
    query.client.send('PATCH', 'settings', { guild_id: guild, stats_command_usage: true });
  const load = (path: string) => download(`${query.url}/modules/serverstats/${path}`);

  /** This many requests of each type. Each erasure is of another member. */
  const slowRequests = (count: number) => ({
    erasures: () => times(count, (n) => erase(guild_id, `${n + 1}`)),
    searches: () => times(count, () => query.client.get('privacy/get-user-entries', { privacy_member_id: MEMBER })),
    counts: () =>
      times(count, () => query.client.get('privacy/get-user-entries', { guild_id, privacy_member_id: MEMBER })),
    memberExports: () => times(count, () => load(`privacy/export?guild_id=${guild_id}&${member(MEMBER)}`)),
    exports: () => times(count, () => load(`stats/command/view?guild_id=${guild_id}&format=csv`)),
    summaries: () => times(count, () => summary(guild_id)),
    changes: () => times(count, () => change(guild_id)),
  });

  it.each([2, 3, 4, 10])('leave one of %i connections for keys, settings and readiness', async (poolSize) => {
    await start(poolSize);
    const headers = { authorization: `Bearer ${await createKey()}` };
    await holder.query('LOCK TABLE statistic_events, statistic_totals IN ACCESS EXCLUSIVE MODE');
    await lockStripe(holder.manager, guild_id);
    const { changes, ...others } = slowRequests(poolSize);
    // In a pool of two, changes use one connection and all other work uses the other.
    const slow = [...Object.values(others), ...(poolSize > 2 ? [changes] : [])].flatMap((begin) => begin());
    await waitFor(async () => (await busyConnections()) >= poolSize - 1, {
      what: 'all allowed connections to be busy',
    });
    const statuses = new Set<number>();
    const signal = AbortSignal.timeout(8_000);
    for (let asked = 0; asked < 50; asked++) {
      for (const path of [`/modules/serverstats/status?guild_id=${guild_id}`, `/auth/api-keys?guild_id=${other}`]) {
        const from = path.startsWith('/auth') ? {} : { headers };
        statuses.add((await query.client.request(path, { signal, ...from })).status);
      }
    }
    statuses.add((await fetch(`${query.url}/readyz`, { signal })).status);
    await holder.rollbackTransaction();
    expect([...statuses]).toEqual([200]);
    expect(await statusesOf(slow)).toEqual([200]);
  });

  it('do not block changes of guilds', async () => {
    await start(4);
    await holder.query('LOCK TABLE statistic_events, statistic_totals IN ACCESS EXCLUSIVE MODE');
    const { changes: _, ...others } = slowRequests(4);
    const slow = Object.values(others).flatMap((begin) => begin());
    await waitFor(async () => (await busyConnections()) >= 2, { what: 'the slow requests to be busy' });
    expect(await statusesOf(times(8, (n) => change(n % 2 === 0 ? guild_id : other)))).toEqual([200]);
    await holder.rollbackTransaction();
    expect(await statusesOf(slow)).toEqual([200]);
  });

  it.each([6, 10])(
    'leave one of %i connections for summaries and views while members are searched, erased and exported',
    async (poolSize) => {
      await start(poolSize);
      await holder.query('LOCK TABLE starboard_entries IN ACCESS EXCLUSIVE MODE');
      const { erasures, searches, counts, memberExports } = slowRequests(poolSize);
      const slow = [erasures, searches, counts, memberExports].flatMap((begin) => begin());
      await waitFor(async () => (await busyConnections()) >= 3, { what: 'the slow requests to be busy' });
      const view = query.client.get('stats/command/view', { guild_id: other });
      expect(await statusesOf([...times(poolSize, () => summary(other)), view])).toEqual([200]);
      await holder.rollbackTransaction();
      expect(await statusesOf(slow)).toEqual([200]);
    },
  );

  it('do not block other guilds while a member of several guilds is erased in one', async () => {
    await start(10);
    const first = [guild_id, other].toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))[0]!;
    await holder.query('SELECT FROM starboard_entries WHERE guild_id = $1 FOR UPDATE', [first]);
    const erasing = erase(undefined, MEMBER);
    const blocked = `AND wait_event_type = 'Lock'`;
    await waitFor(async () => (await busyConnections(blocked)) === 1, { what: 'the erasure to wait' });
    expect(await statusesOf([change(first === guild_id ? other : guild_id)])).toEqual([200]);
    await holder.rollbackTransaction();
    expect((await erasing).status).toBe(200);
  });

  async function createKey(): Promise<string> {
    const answer = await query.client.request<{ key: string }>('/auth/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ guild_id, name: 'a' }),
    });
    return answer.data.key;
  }

  /** How many connections of the service are in a transaction or a statement. */
  async function busyConnections(condition = ''): Promise<number> {
    const connections = await database.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'serverstats-query' AND state <> 'idle' ${condition}`,
    );
    return connections.length;
  }
});

type Asked = Promise<{ status: number }>;

function times(count: number, ask: (n: number) => Asked): Asked[] {
  return Array.from({ length: count }, (_, n) => ask(n));
}

async function statusesOf(asked: Asked[]): Promise<number[]> {
  return [...new Set((await Promise.all(asked)).map(({ status }) => status))];
}
