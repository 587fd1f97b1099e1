import { loadIngestionConfig, loadQueryConfig } from '#libs/config';
import { SWITCH_NAMES } from '#libs/contracts';
import { createLogger, type Readiness, type RunningService } from '#libs/observability';
import { startIngestion } from '../../apps/ingestion/src/start-ingestion.js';
import { startQuery } from '../../apps/query/src/start-query.js';
import { DiscordDouble } from '../doubles/discord/index.js';
import { ManualClock } from '../doubles/manual-clock.js';
import { ApiClient } from '../harness/api-client.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import { Publisher } from '../harness/publisher.js';
import { SERVICE_KEY } from '../harness/services.js';
import { createTcpProxy, type TcpProxy } from '../harness/tcp-proxy.js';
import { claimVhost, type TestVhost } from '../harness/test-broker.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const OUTAGE_SECONDS = 600;
const STEP_SECONDS = 2;
const REQUESTS_PER_STEP = 8;
const EVENTS_PER_STEP = 4;
/** Of one service in ten minutes. */
const MOST_LINES = 40;
const GUILDS_WITH_COUNTERS = 60;
const CATEGORY = 4;
const VOICE = 2;

interface Line {
  level: string;
  msg: string;
  outage?: string;
  failures?: number;
  request_id?: string;
  queue?: string;
  route?: string;
}

type ServiceName = 'query' | 'ingestion';

const ids = new SnowflakeSource(Date.now());

describe('the logs in an outage of ten minutes, with requests and events all the time', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let discord: DiscordDouble;
  let clock: ManualClock;
  let proxies: { database: TcpProxy; broker: TcpProxy };
  let services: RunningService[] = [];
  let publisher: Publisher;
  let api: ApiClient;
  let query: RunningService;
  let lines: Record<ServiceName, Line[]>;
  let guildId: string;
  let apiKey: string;
  let stored = 0;

  beforeAll(async () => {
    [database, vhost] = await Promise.all([createTestDatabase(), claimVhost()]);
    clock = new ManualClock(Date.now());
    discord = await DiscordDouble.start({ clock });
    const [databaseUrl, brokerUrl] = [new URL(database.url), new URL(vhost.url)];
    proxies = {
      database: await createTcpProxy(databaseUrl.hostname, Number(databaseUrl.port || 5432)),
      broker: await createTcpProxy(brokerUrl.hostname, Number(brokerUrl.port || 5672)),
    };
    databaseUrl.host = `127.0.0.1:${proxies.database.port}`;
    brokerUrl.host = `127.0.0.1:${proxies.broker.port}`;
    const env = {
      DATABASE_URL: databaseUrl.href,
      RABBITMQ_URL: brokerUrl.href,
      SERVICE_KEY,
      QUERY_PORT: '0',
      INGESTION_PORT: '0',
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.url,
    };
    lines = { query: [], ingestion: [] };
    const loggerOf = (name: ServiceName) =>
      createLogger({ level: 'info', format: 'json' }, name, {
        write: (text: string) => void lines[name].push(JSON.parse(text) as Line),
      });
    const ingestion = await startIngestion(loadIngestionConfig(env), { clock, logger: loggerOf('ingestion') });
    query = await startQuery(loadQueryConfig(env), { clock, logger: loggerOf('query') });
    services = [query, ingestion];
    await untilReady();
    api = new ApiClient(query.url);
    publisher = await Publisher.connect(vhost.url);
    guildId = discord.state.addGuild().id;
    await giveWorkersWork();
    const key = await api.request<{ key: string }>('/auth/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ guild_id: guildId, name: 'a key' }),
    });
    apiKey = key.data.key;
  });
  afterAll(async () => {
    await publisher?.close();
    for (const service of services) await service.close();
    await discord?.close();
    await Promise.all([proxies?.database.close(), proxies?.broker.close()]);
    await vhost?.release();
    await database?.release();
  });

  /** Discord is left out: its deadlines go by the clock, and a busy machine needs longer. */
  const isReady = async ({ url }: RunningService) => {
    const readiness = (await (await fetch(`${url}/readyz`)).json()) as Readiness;
    return readiness.status === 'ready' && readiness.checks.rabbitmq!.status === 'ok';
  };
  const untilReady = () =>
    waitFor(
      async () => {
        clock.advance(100);
        const areReady = await Promise.all(services.map(isReady));
        return areReady.every(Boolean);
      },
      { what: 'both services to be ready', timeoutMs: 45_000 },
    );
  /** A guild with all statistics, a counter that is due and a starboard task that is due. */
  const giveWorkersWork = async () => {
    const channel = discord.state.addChannel({ guildId });
    await database.query(
      `INSERT INTO guild_settings (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled,
         starboard_enabled, starboard_channel, starboard_count)
       VALUES ($1, true, now() - interval '1 hour', now(), $2, true, true, $3, 1)`,
      [guildId, SWITCH_NAMES, channel.id],
    );
    await database.query(`INSERT INTO counter_panel_refreshes (guild_id, due_at) VALUES ($1, now())`, [guildId]);
    await database.query(
      `INSERT INTO starboard_tasks (guild_id, message_id, task, channel_id, created_at, due_at)
       VALUES ($1, $2, 'follow', $3, now(), now())`,
      [guildId, discord.state.newId(), channel.id],
    );
  };
  const event = () => ({ guild_id: guildId, command: 'ping', user_id: ids.next(1_000) });
  const post = () => api.send('POST', 'stats/command/check', event());
  const requests = [
    post,
    post,
    () => api.get('settings', { guild_id: guildId }),
    () => api.get('stats/command/view', { guild_id: guildId }),
    () => api.get('stats/command/summary', { guild_id: guildId }),
    () => api.send('PATCH', 'settings', { guild_id: guildId, starboard_count: 2 }),
    () => api.send('POST', 'enable', { guild_id: guildId }),
    () =>
      api.request(`/modules/serverstats/status?guild_id=${guildId}`, {
        headers: { authorization: `Bearer ${apiKey}` },
      }),
  ];
  /** @returns the status of each answer */
  const passTime = async (
    asked: readonly (() => Promise<{ status: number }>)[],
    inStep: (seconds: number) => Promise<unknown> = async () => undefined,
  ) => {
    const statuses: number[] = [];
    for (let seconds = 0; seconds < OUTAGE_SECONDS; seconds += STEP_SECONDS) {
      clock.advance(STEP_SECONDS * 1_000);
      const sent = Array.from({ length: REQUESTS_PER_STEP }, (_, index) => asked[index % asked.length]!());
      const published = Array.from({ length: EVENTS_PER_STEP }, () => publisher.publish('command.used', event()));
      stored += published.length;
      statuses.push(...(await Promise.all(sent)).map(({ status }) => status));
      await Promise.all(published);
      await inStep(seconds);
    }
    return statuses;
  };
  /** Every second guild has a snapshot, so that its counter is renamed without asking Discord for counts. */
  const addGuildsWithCounters = async () => {
    const guilds = Array.from({ length: GUILDS_WITH_COUNTERS }, () => {
      const { id } = discord.state.addGuild();
      const category = discord.state.addChannel({ guildId: id, type: CATEGORY });
      return { id, category, counter: discord.state.addChannel({ guildId: id, type: VOICE, parentId: category.id }) };
    });
    const guildIds = guilds.map(({ id }) => id);
    await database.query(
      `INSERT INTO guild_settings (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled,
         starboard_enabled, counter_panel_category_channel)
       SELECT guild_id, true, now(), now(), '{}', true, false, category
       FROM unnest($1::bigint[], $2::bigint[]) AS g (guild_id, category)`,
      [guildIds, guilds.map(({ category }) => category.id)],
    );
    await database.query(
      `INSERT INTO counters (guild_id, channel_id, type, source)
       SELECT guild_id, channel, 'members', 'setting' FROM unnest($1::bigint[], $2::bigint[]) AS g (guild_id, channel)`,
      [guildIds, guilds.map(({ counter }) => counter.id)],
    );
    await database.query(
      `INSERT INTO guild_snapshots (guild_id, bucket, occurred_at, counts)
       SELECT guild_id, date_bin('15 minutes', now(), 'epoch'), now(), '{"member_count": 7}'
       FROM unnest($1::bigint[]) AS guild_id`,
      [guildIds.filter((_, index) => index % 2 === 0)],
    );
    await makeRefreshesDue(guildIds);
    return guilds;
  };
  /** The pauses between refreshes go by the clock of the database, which the test does not move. */
  const makeRefreshesDue = (guildIds: readonly string[]) =>
    database.query(
      `INSERT INTO counter_panel_refreshes (guild_id, due_at) SELECT guild_id, now() FROM unnest($1::bigint[]) AS guild_id
       ON CONFLICT (guild_id) DO UPDATE SET due_at = excluded.due_at`,
      [guildIds],
    );
  const told = (name: ServiceName, msg: string) => lines[name].filter((line) => line.msg === msg);
  const untilTold = (name: ServiceName, msg: string) =>
    waitFor(
      () => {
        clock.advance(1_000);
        return told(name, msg).length > 0;
      },
      { what: `the ${name} service to log "${msg}"` },
    );
  const untilAllStored = () =>
    waitFor(
      async () => {
        clock.advance(1_000);
        const [row] = await database.query<{ count: number }>('SELECT count(*)::int AS count FROM statistic_events');
        return row!.count >= stored;
      },
      { what: `${stored} events to be stored` },
    );
  const forget = () => {
    lines.query.length = 0;
    lines.ingestion.length = 0;
  };
  /** Makes a failure show how much was logged, and what. */
  const howMany = (name: ServiceName) => {
    const isSerious = ({ level }: Line) => ['warn', 'error', 'fatal'].includes(level);
    const counts: Record<string, number> = {};
    for (const { msg, level } of lines[name]) counts[`${level} ${msg}`] = (counts[`${level} ${msg}`] ?? 0) + 1;
    return { all: lines[name].length, serious: lines[name].filter(isSerious).length, counts };
  };
  const expectFew = (name: ServiceName) => {
    const { all, serious, counts } = howMany(name);
    if (all > MOST_LINES || serious > MOST_LINES) expect(counts).toEqual({});
    expect(all).toBeLessThanOrEqual(MOST_LINES);
    expect(serious).toBeGreaterThanOrEqual(2);
  };

  it('should be tens of lines, with one for its beginning and one for its end: the database', async () => {
    forget();
    await proxies.database.refuse();
    proxies.database.cutAll();
    const statuses = await passTime(requests);
    expect(new Set(statuses)).toEqual(new Set([503]));
    await proxies.database.accept();
    for (const name of ['query', 'ingestion'] as const) await untilTold(name, 'the database is available again');
    for (const name of ['query', 'ingestion'] as const) {
      expect(told(name, 'the database is not available')).toMatchObject([{ outage: 'database', level: 'error' }]);
      expect(told(name, 'the database is available again')).toHaveLength(1);
      expectFew(name);
    }
    const [begin] = told('query', 'the database is not available');
    expect(begin).toMatchObject({ request_id: expect.any(String), error: expect.stringMatching(/ECONN|terminated/) });
    expect(told('query', 'the database is available again')[0]!.failures).toBeGreaterThanOrEqual(statuses.length);
    await untilReady();
    await untilAllStored();
  });

  it('should be tens of lines, with one for its beginning and one for its end: the broker', async () => {
    forget();
    await proxies.broker.refuse();
    proxies.broker.cutAll();
    const statuses = await passTime([post]);
    expect(new Set(statuses)).toEqual(new Set([503]));
    await proxies.broker.accept();
    await untilTold('query', 'events can be handed over again');
    await untilTold('ingestion', 'RabbitMQ is available again');
    expect(told('query', 'events cannot be handed over')).toMatchObject([{ outage: 'rabbitmq', level: 'error' }]);
    expect(told('ingestion', 'RabbitMQ is not available')).toMatchObject([{ outage: 'rabbitmq', level: 'error' }]);
    for (const name of ['query', 'ingestion'] as const) {
      expect(lines[name].filter(({ msg }) => msg.endsWith('again'))).toHaveLength(1);
      expectFew(name);
    }
    await untilAllStored();
  });

  it('should be tens of lines, with one for its beginning, each kind of request and its end: Discord', async () => {
    discord.faults.add({ kind: 'status', status: 503 }, { times: Infinity });
    const guilds = await addGuildsWithCounters();
    const guildIds = guilds.map(({ id }) => id);
    forget();
    await passTime([post], async (seconds) => {
      if (seconds === OUTAGE_SECONDS / 2) {
        discord.faults.clear();
        discord.faults.add({ kind: 'hang' }, { times: Infinity });
      }
      if (seconds % 20 === 0) await makeRefreshesDue(guildIds);
    });
    discord.faults.clear();
    await waitFor(
      async () => {
        clock.advance(1_000);
        await makeRefreshesDue(guildIds);
        return told('ingestion', 'Discord is available again').length > 0;
      },
      { what: 'the end of the outage in the log', timeoutMs: 60_000 },
    );
    expect(told('ingestion', 'Discord is not available')).toMatchObject([{ outage: 'discord', level: 'error' }]);
    expect(told('ingestion', 'Discord is still not available').length).toBeGreaterThanOrEqual(5);
    expect(told('ingestion', 'Discord is available again')).toHaveLength(1);
    expect(told('ingestion', 'Discord is available again')[0]!.failures).toBeGreaterThan(2 * GUILDS_WITH_COUNTERS);
    const named = told('ingestion', 'requests to Discord fail').map(({ route }) => route!);
    expect(named.toSorted()).toEqual([...new Set(named)].toSorted());
    expect(named).toEqual(expect.arrayContaining(['GET /guilds/:id', 'PATCH /channels/:id']));
    expectFew('ingestion');
    await waitFor(
      async () => {
        clock.advance(1_000);
        await makeRefreshesDue(guildIds);
        return guilds.every(({ counter }) => discord.state.channel(counter.id).name.startsWith('Members: '));
      },
      { what: 'all counters to be right again', timeoutMs: 60_000 },
    );
  }, 180_000);
});
