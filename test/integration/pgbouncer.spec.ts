import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { ApiClient } from '../harness/api-client.js';
import { startPgbouncer, type Pgbouncer } from '../harness/pgbouncer.js';
import type { Publisher } from '../harness/publisher.js';
import { TestSystem } from '../harness/system.js';
import { applyUnusualSettings } from '../harness/unusual-settings.js';
import { waitFor } from '../harness/wait-for.js';

const HOUR_MS = 3_600_000;
/** More events than one step of an erasure erases. */
const MANY = 12_000;

const DATABASE = '(SELECT oid FROM pg_database WHERE datname = current_database())';

/** The path of PgBouncer. The test runner sets it if PgBouncer is available. */
const PROGRAM = process.env.TEST_PGBOUNCER_BIN;
const describeWithPgbouncer = PROGRAM === undefined ? describe.skip : describe;

describeWithPgbouncer('behind PgBouncer in transaction mode', () => {
  let system: TestSystem;
  let pgbouncer: Pgbouncer;
  let api: ApiClient;
  let publisher: Publisher;
  let guilds = 1_600_000_000_000_000_000n;
  let guildId: string;

  beforeAll(async () => {
    system = await TestSystem.create();
    await applyUnusualSettings(system.database);
    pgbouncer = await startPgbouncer(PROGRAM!, system.database.url);
    const through = { databaseUrl: pgbouncer.url };
    await Promise.all([system.startIngestion(through), system.startIngestion(through)]);
    ({ api } = await system.startQuery(through));
    publisher = await system.connectPublisher();
  });
  afterAll(async () => {
    await publisher.close();
    await pgbouncer.stop();
    await system.close();
  });
  beforeEach(async () => {
    guildId = String((guilds += 1_001n));
    await api.openGuild(guildId);
  });

  it('should store events once, compute their rollups and answer summaries', async () => {
    const occurredAt = Date.now() - 2 * HOUR_MS;
    const events = Array.from({ length: 100 }, () => anEvent(occurredAt));
    const handled = await system.eventsHandled();
    for (let time = 0; time < 3; time++) await publisher.publish('command.used', events);
    await system.untilHandled(handled + 300);
    const totals = () => system.count('statistic_totals WHERE guild_id = $1 AND event_count = 100', [guildId]);
    await waitFor(async () => (await totals()) === 1, { what: 'the rollup' });
    const summary = await api.get('stats/command/summary', { guild_id: guildId, group_by: 'user' });
    expect(summary).toMatchObject({ status: 200, data: { total: 100 } });
    expect((await api.get('stats/collection', { guild_id: guildId })).status).toBe(200);
  });

  it('should answer concurrent changes of settings', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        api.send('PATCH', 'settings', { guild_id: guildId, stats_command_usage: index % 2 === 0 }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  it('should erase a member in several steps, and only once for concurrent requests', async () => {
    await system.database.query(
      `INSERT INTO statistic_events (guild_id, kind, occurred_at, event_id, user_id)
       SELECT $1, 2, now() - n * interval '1 second', gen_random_uuid(), 7 FROM generate_series(1, $2) n`,
      [guildId, MANY],
    );
    const form = { guild_id: guildId, privacy_member_id: '7' };
    const answers = await Promise.all(
      [1, 2, 3].map(() => api.send<{ total: number }>('DELETE', 'privacy/delete-user-entries', form)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.map(({ data }) => data.total).toSorted((a, b) => b - a)).toEqual([MANY, 0, 0]);
    expect(await system.count('statistic_events WHERE guild_id = $1 AND user_id = 7', [guildId])).toBe(0);
    expect(await system.count('erasure_leases')).toBe(0);
  });

  it('should leave no locks and no settings in shared sessions', async () => {
    await waitFor(
      async () => (await system.count(`pg_locks WHERE locktype = 'advisory' AND database = ${DATABASE}`)) === 0,
      { what: 'no locks' },
    );
    const other = new pg.Client({ connectionString: pgbouncer.url });
    await other.connect();
    try {
      const settings = ['DateStyle', 'default_transaction_isolation', 'search_path', 'synchronous_commit'];
      const { rows } = await other.query<Record<string, string>>(
        `SELECT ${settings.map((name) => `current_setting('${name}') AS "${name}"`).join(', ')}`,
      );
      expect(Object.values(rows[0]!)).toEqual(['German, DMY', 'repeatable read', 'nowhere', 'off']);
    } finally {
      await other.end();
    }
  });

  it('should name DATABASE_MIGRATIONS_URL if the schema is outdated, and migrate with it', async () => {
    await system.database.query('CREATE SCHEMA elsewhere');
    await applyUnusualSettings(system.database, { search_path: 'elsewhere' });
    const fresh = await startPgbouncer(PROGRAM!, system.database.url);
    try {
      await expect(system.startQuery({ databaseUrl: fresh.url })).rejects.toThrow(
        /ended with 78\n.*\n?the schema cannot be migrated through a connection pooler: set DATABASE_MIGRATIONS_URL/,
      );
      const env = { DATABASE_MIGRATIONS_URL: system.database.url };
      const { service } = await system.startQuery({ databaseUrl: fresh.url, env });
      expect(await system.count('elsewhere.guild_settings')).toBe(0);
      await service.stop();
    } finally {
      await fresh.stop();
    }
  });

  function anEvent(occurredAt: number): object {
    const time = new Date(occurredAt).toISOString();
    return { guild_id: guildId, user_id: '7', command: 'x', occurred_at: time, event_id: randomUUID() };
  }
});
