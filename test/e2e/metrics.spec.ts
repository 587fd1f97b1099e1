import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { DEAD_LETTERS, QUEUES } from '#libs/contracts';
import { DiscordDouble } from '../doubles/discord/index.js';
import type { ApiClient } from '../harness/api-client.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import { Metrics } from '../harness/metrics.js';
import type { Publisher } from '../harness/publisher.js';
import type { ServiceProcess } from '../harness/services.js';
import { TestSystem } from '../harness/system.js';
import { createTcpProxy, type TcpProxy } from '../harness/tcp-proxy.js';
import { waitFor } from '../harness/wait-for.js';
import { metricsIn, readAlertRules, readDashboardExpressions } from '../ops/operators-files.js';

const ids = new SnowflakeSource(Date.now());
const DAY_MS = 86_400_000;
const SETTINGS_ROUTE = '/modules/serverstats/settings';

type Description = [type: 'counter' | 'gauge' | 'histogram', ...labels: string[]];

const COMMON_METRICS: Record<string, Description> = {
  serverstats_queue_messages: ['gauge', 'queue', 'state'],
  serverstats_database_pool_connections: ['gauge', 'state'],
  serverstats_discord_calls_total: ['counter', 'route', 'status'],
  serverstats_broker_reconnects_total: ['counter'],
  serverstats_build_info: ['gauge', 'version'],
  serverstats_ready: ['gauge'],
  serverstats_check_ok: ['gauge', 'check'],
};
const INGESTION_METRICS: Record<string, Description> = {
  ...COMMON_METRICS,
  serverstats_events_total: ['counter', 'outcome'],
  serverstats_event_lag_seconds: ['histogram'],
  serverstats_batch_events: ['histogram'],
  serverstats_batch_seconds: ['histogram'],
  serverstats_dead_letters_total: ['counter', 'reason'],
  serverstats_rollup_marks: ['gauge'],
};
const QUERY_METRICS: Record<string, Description> = {
  ...COMMON_METRICS,
  serverstats_http_requests_total: ['counter', 'method', 'route', 'status'],
  serverstats_http_request_seconds: ['histogram', 'method', 'route'],
};

/** Metrics in the rules and dashboards that come from the Prometheus plugin of RabbitMQ 3.10. */
const RABBITMQ_METRICS = [
  'rabbitmq_alarms_free_disk_space_watermark',
  'rabbitmq_alarms_memory_used_watermark',
  'rabbitmq_detailed_queue_messages_ready_bytes',
  'rabbitmq_disk_space_available_bytes',
  'rabbitmq_disk_space_available_limit_bytes',
  'rabbitmq_global_messages_received_total',
  'rabbitmq_global_messages_routed_total',
  'rabbitmq_process_resident_memory_bytes',
];
const PROMETHEUS_METRICS = ['up', 'ALERTS'];

describe('GET /metrics', () => {
  let system: TestSystem;
  let discord: DiscordDouble;
  let proxy: TcpProxy;
  let ingestion: ServiceProcess;
  let query: ServiceProcess;
  let api: ApiClient;
  let publisher: Publisher;
  let guildId: string;

  beforeAll(async () => {
    [system, discord] = await Promise.all([TestSystem.create(), DiscordDouble.start()]);
    const brokerUrl = new URL(system.vhost.url);
    proxy = await createTcpProxy(brokerUrl.hostname, Number(brokerUrl.port));
    brokerUrl.port = String(proxy.port);
    const env = { DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.url };
    const changes = { brokerUrl: brokerUrl.href, env };
    ingestion = await system.startIngestion(changes);
    ({ api, service: query } = await system.startQuery(changes));
    publisher = await system.connectPublisher();
  });
  afterAll(async () => {
    await publisher?.close();
    await system?.close();
    await proxy?.close();
    await discord?.close();
  });
  beforeEach(async () => {
    guildId = discord.state.addGuild().id;
    await api.openGuild(guildId);
  });

  const used = (fields: object = {}) => ({ guild_id: guildId, user_id: ids.next(), command: 'ping', ...fields });
  const untilValue = (service: ServiceProcess, wanted: number | undefined, name: string, labels = {}) =>
    waitFor(async () => (await Metrics.of(service)).value(name, labels) === wanted, {
      what: `${name} ${JSON.stringify(labels)} to be ${wanted}`,
    });
  /** @returns a function that waits until the series have grown by at least this much, and returns their growth */
  const growthOf = async (service: ServiceProcess, name: string, labels: Record<string, string> = {}) => {
    const value = async () => (await Metrics.of(service)).value(name, labels) ?? 0;
    const before = await value();
    return async (growth: number) => {
      const what = `${name} ${JSON.stringify(labels)} to grow by ${growth}`;
      await waitFor(async () => (await value()) >= before + growth, { what });
      return (await value()) - before;
    };
  };

  const metricNames = async () => {
    const both = await Promise.all([Metrics.of(ingestion), Metrics.of(query)]);
    return new Set(both.flatMap(({ descriptions }) => [...descriptions.keys()]));
  };

  it.each([
    ['ingestion', INGESTION_METRICS],
    ['query', QUERY_METRICS],
  ])(
    'should describe the metrics of the contract in %s, each with its type, labels and a help text',
    async (which, wanted) => {
      await publisher.publish('command.used', used());
      const service = which === 'ingestion' ? ingestion : query;
      for (const url of [ingestion.url, query.url]) await (await fetch(`${url}/readyz`)).text();
      await waitFor(async () => (await Metrics.of(service)).value('serverstats_discord_calls_total') !== undefined, {
        what: 'the token to be checked',
      });
      const metrics = await Metrics.of(service);
      const found = Object.keys(wanted).map((name) => {
        const { type, help } = metrics.descriptions.get(name) ?? {};
        return [name, { type, labels: metrics.labelsOf(name), hasHelp: (help ?? '').length > 10 }];
      });
      const expected = Object.entries(wanted).map(([name, [type, ...labels]]) => [
        name,
        { type, labels, hasHelp: true },
      ]);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    },
  );

  it.each([
    ['stored', () => used(), 1],
    ['unwanted', () => used({ guild_id: ids.next(30 * DAY_MS) }), 1],
    ['too_old', () => used({ occurred_at: Date.now() - 300 * DAY_MS }), 1],
    ['dead_lettered', () => [{ guild_id: 'x' }, { guild_id: 'y' }], 2],
  ])('should count an event that is %s', async (outcome, body, events) => {
    const grew = await growthOf(ingestion, 'serverstats_events_total', { outcome });
    await publisher.publish('command.used', body());
    expect(await grew(events)).toBe(events);
  });

  it('should count a duplicate event', async () => {
    const stored = await growthOf(ingestion, 'serverstats_events_total', { outcome: 'stored' });
    const duplicates = await growthOf(ingestion, 'serverstats_events_total', { outcome: 'duplicate' });
    const body = used({ event_id: 'b0b5a2f6-6f3c-4b5e-9a52-0c4a3c5b7a11', occurred_at: Date.now() });
    await publisher.publish('command.used', body);
    await stored(1);
    await publisher.publish('command.used', body);
    expect([await duplicates(1), await stored(1)]).toEqual([1, 1]);
  });

  it.each([
    ['MalformedMessageError', 'command.used', '{'],
    ['UnknownEventError', 'star.added', []],
    ['InvalidEventError', 'command.used', { guild_id: 'x' }],
    ['FutureEventError', 'command.used', { occurred_at: Date.now() + DAY_MS }],
  ])('should count dead letters by reason: %s', async (reason, routingKey, body) => {
    const grew = await growthOf(ingestion, 'serverstats_dead_letters_total', { reason });
    if (reason === 'UnknownEventError') await publisher.sendToQueue(QUEUES.statistics, { pattern: 'nope', data: {} });
    else if (reason === 'FutureEventError') await publisher.publish(routingKey, used(body as object));
    else await publisher.publish(routingKey, body);
    expect(await grew(1)).toBe(1);
  });

  it('should measure batches, and the lag from the publish to the commit', async () => {
    const name = 'serverstats_event_lag_seconds';
    const [events, lags, seconds, batches] = await Promise.all([
      growthOf(ingestion, 'serverstats_batch_events_sum'),
      growthOf(ingestion, `${name}_count`),
      growthOf(ingestion, 'serverstats_batch_seconds_count'),
      growthOf(ingestion, 'serverstats_batch_events_count'),
    ]);
    const before = (await Metrics.of(ingestion)).value(`${name}_sum`)!;
    const timestamp = Math.floor(Date.now() / 1_000) - 100;
    // The lag counts from the publish, not from when the events occurred.
    const bodies = [1, 2, 3].map((hours) => used({ occurred_at: Date.now() - hours * 3_600_000 }));
    await publisher.publish('command.used', bodies, { timestamp });
    expect(await Promise.all([events(3), lags(3), seconds(1), batches(1)])).toEqual([3, 3, 1, 1]);
    const lag = (await Metrics.of(ingestion)).value(`${name}_sum`)! - before;
    expect(lag).toBeGreaterThanOrEqual(300);
    expect(lag).toBeLessThan(400);
  });

  it('should measure the lag of an event without a publish time from when it occurred', async () => {
    const grew = await growthOf(ingestion, 'serverstats_event_lag_seconds_count');
    const before = (await Metrics.of(ingestion)).value('serverstats_event_lag_seconds_sum')!;
    await publisher.publish('command.used', used({ occurred_at: Date.now() - 3_600_000 }));
    await grew(1);
    const lag = (await Metrics.of(ingestion)).value('serverstats_event_lag_seconds_sum')! - before;
    expect(lag).toBeGreaterThanOrEqual(3_600);
    expect(lag).toBeLessThan(3_700);
  });

  it('should measure the lag of an event from POST from the time of the request', async () => {
    const grew = await growthOf(ingestion, 'serverstats_event_lag_seconds_count');
    const before = (await Metrics.of(ingestion)).value('serverstats_event_lag_seconds_sum')!;
    const body = used({ occurred_at: Date.now() - 3_600_000 });
    expect((await api.send('POST', 'stats/command/check', body)).status).toBe(202);
    await grew(1);
    expect((await Metrics.of(ingestion)).value('serverstats_event_lag_seconds_sum')! - before).toBeLessThan(60);
  });

  it('should report how many messages wait in each queue, in both services', async () => {
    await publisher.takeDeadLetters();
    await Promise.all([{}, {}].map((body) => publisher.publish('command.used', body)));
    for (const service of [ingestion, query]) {
      await untilValue(service, 2, 'serverstats_queue_messages', { queue: DEAD_LETTERS, state: 'ready' });
    }
    const metrics = await Metrics.of(query);
    for (const queue of Object.values(QUEUES)) {
      expect([queue, metrics.value('serverstats_queue_messages', { queue, state: 'ready' })]).toEqual([queue, 0]);
    }
  });

  it('should show unacknowledged messages and used connections while a table is locked', async () => {
    const held = { queue: QUEUES.statistics, state: 'unacknowledged' };
    const stored = await growthOf(ingestion, 'serverstats_events_total', { outcome: 'stored' });
    const blocker = new pg.Client({ connectionString: system.database.url });
    await blocker.connect();
    try {
      await blocker.query('BEGIN; LOCK TABLE guild_settings IN ACCESS EXCLUSIVE MODE');
      await publisher.publish('command.used', [used(), used()]);
      await publisher.publish('command.used', used());
      await untilValue(ingestion, 2, 'serverstats_queue_messages', held);
      const isInUse = async () =>
        (await Metrics.of(ingestion)).value('serverstats_database_pool_connections', { state: 'used' })! > 0;
      expect(await waitFor(isInUse, { what: 'a connection in use' })).toBe(true);
    } finally {
      await blocker.end();
    }
    await stored(3);
    await untilValue(ingestion, 0, 'serverstats_queue_messages', held);
  });

  it('should count the connections of the pool', async () => {
    for (const service of [ingestion, query]) {
      const pool = async (state: string) =>
        (await Metrics.of(service)).value('serverstats_database_pool_connections', { state })!;
      await waitFor(async () => (await pool('idle')) > 0, { what: 'an idle connection' });
      expect((await Metrics.of(service)).value('serverstats_database_pool_connections')).toBeLessThanOrEqual(10);
      await untilValue(service, 0, 'serverstats_database_pool_waiting');
    }
  });

  it('should count and time requests by route template, method and status, and name no guild', async () => {
    const ok = { route: SETTINGS_ROUTE, method: 'GET', status: '200' };
    const [answered, refused, missing, timed] = await Promise.all([
      growthOf(query, 'serverstats_http_requests_total', ok),
      growthOf(query, 'serverstats_http_requests_total', { ...ok, status: '400' }),
      growthOf(query, 'serverstats_http_requests_total', { route: 'none', method: 'GET', status: '404' }),
      growthOf(query, 'serverstats_http_request_seconds_count', { route: SETTINGS_ROUTE, method: 'GET' }),
    ]);
    await api.get('settings', { guild_id: guildId });
    await api.get('settings', { guild_id: 'x' });
    await api.get(`no/such/route/${guildId}`);
    expect(await Promise.all([answered(1), refused(1), missing(1), timed(2)])).toEqual([1, 1, 1, 2]);
    for (const service of [ingestion, query]) expect((await Metrics.of(service)).text).not.toContain(guildId);
  });

  it('should count requests to Discord by route and status', async () => {
    const { id } = discord.state.addChannel({ guildId });
    const route = 'GET /guilds/:id/channels';
    const [found, limited, unanswered] = await Promise.all([
      growthOf(query, 'serverstats_discord_calls_total', { route, status: '200' }),
      growthOf(query, 'serverstats_discord_calls_total', { route, status: '429' }),
      growthOf(query, 'serverstats_discord_calls_total', { route, status: 'none' }),
    ]);
    discord.faults.add(
      { kind: 'rate_limited', retryAfterMs: 200 },
      { method: 'GET', path: /^\/guilds\/\d+\/channels$/ },
    );
    discord.faults.add({ kind: 'reset' }, { method: 'GET', path: /^\/guilds\/\d+\/channels$/ });
    const { status } = await api.send('PATCH', 'settings', { guild_id: guildId, starboard_channel: id });
    expect(status).toBe(200);
    expect(await Promise.all([found(1), limited(1), unanswered(1)])).toEqual([1, 1, 1]);
  });

  it('should have every metric that the rules and dashboards use', async () => {
    const names = await metricNames();
    const expressions = [...(await readAlertRules()).map(({ expr }) => expr), ...(await readDashboardExpressions())];
    const used = [...new Set(expressions.flatMap(metricsIn))];
    const others = used.filter((name) => !names.has(name) && !names.has(name.replace(/_(?:bucket|sum|count)$/, '')));
    expect(others.sort()).toEqual([...PROMETHEUS_METRICS, ...RABBITMQ_METRICS].sort());
  });

  it('should have the metrics that the documentation lists, and no others', async () => {
    const documented = (await readFile('docs/operations.md', 'utf8')).matchAll(/^\| `(serverstats_\w+)`/gm);
    const own = [...(await metricNames())].filter((name) => !/^serverstats_(?:process|nodejs)_/.test(name));
    expect([...new Set([...documented].map(([, name]) => name!))].sort()).toEqual(own.sort());
  });

  it('should name the version of the build', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    for (const service of [ingestion, query]) {
      expect((await Metrics.of(service)).value('serverstats_build_info', { version })).toBe(1);
    }
  });

  it('should count buckets that wait for their rollup', async () => {
    // The event is old enough that its bucket has settled, and a locked table blocks the rollup worker.
    const blocker = new pg.Client({ connectionString: system.database.url });
    await blocker.connect();
    try {
      await blocker.query('BEGIN; LOCK TABLE statistic_totals IN ACCESS EXCLUSIVE MODE');
      await publisher.publish('command.used', used({ occurred_at: Date.now() - 2 * 3_600_000 }));
      await waitFor(async () => (await Metrics.of(ingestion)).value('serverstats_rollup_marks')! > 0, {
        what: 'a stale bucket',
      });
    } finally {
      await blocker.end();
    }
    const computed = () => system.count('statistic_totals WHERE guild_id = $1', [guildId]);
    await untilValue(ingestion, 0, 'serverstats_rollup_marks');
    expect(await computed()).toBe(1);
  });

  it('should show a loss of the broker: readiness, checks, queue depths and reconnects', async () => {
    const reconnects = async (service: ServiceProcess) =>
      (await Metrics.of(service)).value('serverstats_broker_reconnects_total')!;
    const before = [await reconnects(ingestion), await reconnects(query)];
    await proxy.refuse();
    proxy.cutAll();
    await untilValue(ingestion, 0, 'serverstats_ready');
    await untilValue(ingestion, 0, 'serverstats_check_ok', { check: 'rabbitmq' });
    await untilValue(query, 0, 'serverstats_check_ok', { check: 'rabbitmq' });
    await untilValue(query, 1, 'serverstats_ready');
    for (const service of [ingestion, query]) {
      await untilValue(service, undefined, 'serverstats_queue_messages', { state: 'ready' });
    }
    await proxy.accept();
    await untilValue(ingestion, 1, 'serverstats_ready');
    await untilValue(query, 1, 'serverstats_check_ok', { check: 'rabbitmq' });
    // Ingestion has a second connection, for its dead letters.
    await waitFor(async () => (await reconnects(ingestion)) >= before[0]! + 2, {
      what: 'both connections of ingestion',
    });
    expect([await reconnects(ingestion), await reconnects(query)]).toEqual([before[0]! + 2, before[1]! + 1]);
  });
});
