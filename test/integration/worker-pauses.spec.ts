import { Test, type TestingModule } from '@nestjs/testing';
import pino from 'pino';
import { loadIngestionConfig } from '#libs/config';
import { CounterTypes, StatisticsContract } from '#libs/contracts';
import { createDataSource, Database } from '#libs/database';
import { DiscordClient } from '#libs/discord';
import { createMetricsRegistry, HealthChecks } from '#libs/observability';
import { IngestionModule } from '../../apps/ingestion/src/ingestion.module.js';
import { DiscordDouble } from '../doubles/discord/index.js';
import { ManualClock } from '../doubles/manual-clock.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const MINUTES = 10;
const GUILDS = 250;
/** The longest pause of a worker, once more for an attempt that was under way, and the time until it looks again. */
const SOON_MS = 130_000;

describe('workers on a database that refuses writes', () => {
  let database: TestDatabase;
  let discord: DiscordDouble;
  let clock: ManualClock;
  let module: TestingModule;
  let usable: Database;
  let lines: string[];

  beforeEach(async () => {
    database = await createTestDatabase();
    clock = new ManualClock(Date.now());
    discord = await DiscordDouble.start({ clock });
    lines = [];
    await database.query(`
      CREATE SEQUENCE attempts;
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM nextval('attempts');
          RAISE 'cannot execute UPDATE in a read-only transaction' USING ERRCODE = '25006';
        END $$;`);
  });
  afterEach(async () => {
    await module.close();
    await usable.close();
    await discord.close();
    await database.release();
  });

  const start = async () => {
    const variables = { DATABASE_URL: database.url, DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.url };
    const config = loadIngestionConfig(variables, { withoutBroker: true });
    usable = new Database({
      ...config.database,
      retention: config.retention,
      applicationName: 'test',
      migrations: 'manual',
      onUnavailable: () => undefined,
    });
    await usable.connected();
    const parts = {
      config,
      database: usable,
      contract: new StatisticsContract(),
      counterTypes: new CounterTypes(),
      discord: new DiscordClient({ ...config.discord!, clock }),
      clock,
      health: new HealthChecks({}),
      registry: createMetricsRegistry(),
      logger: pino({}, { write: (line: string) => void lines.push(line) }),
    };
    module = await Test.createTestingModule({ imports: [IngestionModule.with(parts)] }).compile();
    await module.init();
  };
  const attempts = async () => {
    const [row] = await database.query<{ attempts: number }>(
      'SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS attempts FROM attempts',
    );
    return row!.attempts;
  };
  /** Advances the clock second by second. A hot loop would run between these steps. */
  const pass = async (minutes: number) => {
    for (let second = 0; second < 60 * minutes; second++) {
      clock.advance(1_000);
      await database.query('SELECT');
    }
  };
  const addGuild = (columns: Record<string, unknown>) => {
    const { id } = discord.state.addGuild();
    const names = Object.keys(columns).map((name) => `, ${name}`);
    const values = Object.keys(columns).map((_, index) => `, $${index + 2}`);
    return database
      .query(
        `INSERT INTO guild_settings (guild_id, enabled, enabled_at, updated_at, switches${names.join('')})
         VALUES ($1, true, now(), now(), '{}'${values.join('')})`,
        [id, ...Object.values(columns)],
      )
      .then(() => id);
  };

  it('should retry and log rarely, and continue soon after: starboard', async () => {
    const starboard = discord.state.addChannel({ guildId: discord.state.addGuild().id });
    for (let count = 0; count < GUILDS; count++) {
      const id = await addGuild({
        counter_panel_enabled: false,
        starboard_enabled: true,
        starboard_channel: starboard.id,
        starboard_count: 1,
      });
      const channel = discord.state.addChannel({ guildId: id });
      await database.query(
        `INSERT INTO starboard_tasks (guild_id, message_id, task, channel_id, created_at, due_at)
         VALUES ($1, $2, 'follow', $3, now(), now())`,
        [id, discord.state.newId(), channel.id],
      );
    }
    await database.query(
      'CREATE TRIGGER refuse BEFORE UPDATE ON starboard_tasks FOR EACH STATEMENT EXECUTE FUNCTION refuse()',
    );
    await start();
    await pass(MINUTES);
    expect(await attempts()).toBeLessThan(60);
    expect(lines.filter((line) => line.includes('starboard')).length).toBeLessThan(30);

    await database.query('DROP TRIGGER refuse ON starboard_tasks');
    // Requests have deadlines on this clock, so it stands still while there are new ones.
    const since = clock.now();
    let seen = 0;
    await waitFor(
      () => {
        const requests = discord.requests.length;
        if (requests === seen && clock.now() - since < SOON_MS) clock.advance(1_000);
        seen = requests;
        return requests >= 32;
      },
      { what: 'the tasks to continue within two minutes', intervalMs: 50, timeoutMs: 30_000 },
    );
  });

  it('should retry and log rarely, and continue soon after: counter panels', async () => {
    for (let count = 0; count < GUILDS; count++) {
      const id = await addGuild({ counter_panel_enabled: true, starboard_enabled: false });
      await database.query('INSERT INTO counter_panel_refreshes (guild_id, due_at) VALUES ($1, now())', [id]);
    }
    await database.query(
      'CREATE TRIGGER refuse BEFORE UPDATE ON counter_panel_refreshes FOR EACH STATEMENT EXECUTE FUNCTION refuse()',
    );
    await start();
    await pass(MINUTES);
    expect(await attempts()).toBeLessThan(200);
    expect(lines.filter((line) => line.includes('counter panels')).length).toBeLessThan(30);

    await database.query('DROP TRIGGER refuse ON counter_panel_refreshes');
    const since = clock.now();
    // Requests and reads have deadlines on this clock, so it stands still while guilds are refreshed.
    let seen = GUILDS;
    await waitFor(
      async () => {
        const left = (await database.query('SELECT FROM counter_panel_refreshes WHERE due_at <= now()')).length;
        if (left === seen && clock.now() - since < SOON_MS) clock.advance(1_000);
        seen = left;
        return left === 0;
      },
      { what: 'the guilds to be refreshed within two minutes', intervalMs: 50, timeoutMs: 30_000 },
    );
  });

  it('should use few connections while the database hangs, and continue soon after: counter panels', async () => {
    const id = await addGuild({ counter_panel_enabled: true, starboard_enabled: false });
    await database.query('INSERT INTO counter_panel_refreshes (guild_id, due_at) VALUES ($1, now())', [id]);
    const other = await createDataSource({ url: database.url, poolSize: 1, applicationName: 'other' }).initialize();
    try {
      const blocking = other.createQueryRunner();
      await blocking.startTransaction();
      await blocking.query('LOCK TABLE counter_panel_refreshes');
      await start();
      const waiting = async () => {
        const [row] = await database.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return row!.count;
      };
      await waitFor(async () => (await waiting()) > 0, { what: 'the worker to wait for a lock' });
      await pass(MINUTES);
      expect(await waiting()).toBeLessThanOrEqual(2);
      expect(lines.filter((line) => line.includes('counter panels')).length).toBeLessThan(30);

      await blocking.rollbackTransaction();
      await blocking.release();
      const isDue = async () =>
        (await database.query('SELECT FROM counter_panel_refreshes WHERE due_at <= now()')).length;
      const since = clock.now();
      await waitFor(
        async () => {
          if (clock.now() - since < SOON_MS) clock.advance(1_000);
          return (await isDue()) === 0;
        },
        { what: 'the guild to be refreshed within two minutes' },
      );
    } finally {
      await other.destroy();
    }
  });

  const loggedPauses = (message: string) =>
    lines
      .map((line) => JSON.parse(line) as { msg: string; pause_ms: number })
      .filter(({ msg }) => msg === message)
      .map(({ pause_ms }) => pause_ms);

  it.each([
    {
      work: 'rollups',
      table: 'statistic_rollup_pending',
      message: 'computing rollups failed, retrying',
      longestMs: 60_000,
    },
    {
      work: 'erasures',
      table: 'erasures',
      message: 'reading unfinished erasures failed, retrying',
      longestMs: 300_000,
    },
    {
      work: 'upkeep',
      table: 'erasure_tombstones',
      message: 'database maintenance failed, retrying',
      longestMs: 900_000,
    },
  ])('should retry after growing pauses: $work', async ({ table, message, longestMs }) => {
    await database.query(`ALTER TABLE ${table} RENAME TO ${table}_away`);
    await start();
    await waitFor(() => loggedPauses(message).length === 1, { what: 'the first failure' });
    for (let failures = 2; failures <= 9; failures++) {
      clock.advance(loggedPauses(message).at(-1)!);
      await waitFor(() => loggedPauses(message).length === failures, { what: 'the next failure' });
    }
    const pauses = loggedPauses(message);
    expect(pauses[0]).toBeLessThanOrEqual(10_000);
    expect(pauses[2]).toBeGreaterThan(pauses[0]!);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(longestMs / 2);
    expect(pauses.at(-1)).toBeLessThanOrEqual(longestMs);
  });

  it('should retry a failing erasure after growing pauses, and finish the others', async () => {
    const addErasure = (guildId: number, begunAt: string) =>
      database.query(
        `INSERT INTO erasures (guild_id, user_id, before, begun_at, events_by_kind, starboard_entries)
         VALUES ($1, 0, now(), $2, '{}', 0)`,
        [guildId, begunAt],
      );
    await database.query(`
      CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF old.guild_id = 1 THEN
            PERFORM nextval('attempts');
            RAISE 'this one fails';
          END IF;
          RETURN old;
        END $$;
      CREATE TRIGGER refuse_one BEFORE DELETE ON erasures FOR EACH ROW EXECUTE FUNCTION refuse_one()`);
    await addErasure(1, '2020-01-01');
    await start();
    const left = async () => (await database.query('SELECT FROM erasures')).length;
    const HOUR = 60;
    await pass(HOUR);
    expect(await attempts()).toBeGreaterThanOrEqual(3);
    expect(await attempts()).toBeLessThanOrEqual(12);
    await addErasure(2, '2021-01-01');
    const since = clock.now();
    await waitFor(
      async () => {
        if (clock.now() - since < 3 * 60_000) clock.advance(1_000);
        return (await left()) === 1;
      },
      { what: 'the other erasure to be finished within three minutes' },
    );
  });
});
