import { gzipSync } from 'node:zlib';
import { SWITCH_NAMES } from '#libs/contracts';
import { SnowflakeSource } from '../harness/made-up-events.js';
import type { ServiceProcess } from '../harness/services.js';
import { TestSystem } from '../harness/system.js';
import { createTcpProxy, type TcpProxy } from '../harness/tcp-proxy.js';
import { waitFor } from '../harness/wait-for.js';

/** Every secret of this test starts with this and ends with the place where it was sent. */
const MARK = 'hunter2-';
const SERVICE_KEY = `${MARK}service-key-0123456789abcdef`;
const MODULE = '/modules/serverstats';
/** Internal details that an answer must not contain: an SQL statement, a stack frame, a file path. */
const INTERNAL_DETAILS =
  /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|relation)\b|\n? at .*:\d+:\d+|node_modules|\.[jt]s\b|file:\/\//;

const ids = new SnowflakeSource(Date.now());

describe('a secret', () => {
  let system: TestSystem;
  let proxies: { database: TcpProxy; broker: TcpProxy };
  let query: ServiceProcess;
  let ingestion: ServiceProcess;
  let guildId: string;
  let errorAnswers: string[] = [];

  beforeAll(async () => {
    system = await TestSystem.create();
    guildId = ids.next(86_400_000);
    await system.openGuild(guildId, SWITCH_NAMES);
    const [database, broker] = [new URL(system.database.url), new URL(system.vhost.url)];
    proxies = {
      database: await createTcpProxy(database.hostname, Number(database.port || 5432)),
      broker: await createTcpProxy(broker.hostname, Number(broker.port || 5672)),
    };
    database.password ||= `${MARK}database-password`;
    database.host = `127.0.0.1:${proxies.database.port}`;
    broker.host = `127.0.0.1:${proxies.broker.port}`;
    const environment = { databaseUrl: database.href, brokerUrl: broker.href };
    ingestion = await system.startIngestion({ ...environment, env: { LOG_LEVEL: 'trace' } });
    query = (await system.startQuery({ ...environment, env: { LOG_LEVEL: 'trace', SERVICE_KEY } })).service;
    await untilBrokerIs('ok');
  });
  afterAll(async () => {
    await system?.close();
    await proxies?.database.close();
    await proxies?.broker.close();
  });

  const request = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const response = await fetch(query.url + path, {
      method,
      body,
      headers: { authorization: `Bearer ${SERVICE_KEY}`, 'content-type': 'application/json', ...headers },
    });
    const text = await response.text();
    if (!response.ok) errorAnswers.push(text);
    return response.status;
  };
  const untilBrokerIs = (status: string) =>
    waitFor(
      async () => {
        const readiness = (await (await fetch(`${query.url}/readyz`)).json()) as {
          checks: { rabbitmq: { status: string } };
        };
        return readiness.checks.rabbitmq.status === status;
      },
      { what: `the broker to be ${status}` },
    );
  const logs = () => [...system.services].map((service) => service.output()).join('\n');
  const untilLogged = (service: ServiceProcess, text: string | RegExp) =>
    waitFor(() => service.output().search(text) !== -1, { what: `a log line: ${text}` });
  /** Changes a table, which locks all its partitions. Retries if that causes a deadlock with a running service. */
  const alter = (sql: string) =>
    waitFor(
      async () => {
        await system.database.query(sql);
        return true;
      },
      { what: 'the schema to be changed' },
    );
  /** Sends a secret in every part of a request. @returns the statuses, and the answers that reveal too much */
  const requestEverything = async () => {
    errorAnswers = [];
    const secret = `${MARK}body`;
    const label = JSON.stringify({ guild_id: guildId, command: secret });
    const statuses = [
      await request('GET', `${MODULE}/settings?guild_id=${guildId}`),
      await request('GET', `${MODULE}/stats/command/view?guild_id=${guildId}`),
      await request('GET', `${MODULE}/stats/command/view?guild_id=${guildId}&format=csv`),
      await request('GET', `${MODULE}/stats/command/summary?guild_id=${guildId}&timezone=${MARK}zone`),
      await request('GET', `${MODULE}/stats/overview?guild_id=${guildId}`),
      await request('GET', `${MODULE}/stats/command/view?guild_id=${guildId}&cursor=${MARK}cursor`),
      await request('GET', `${MODULE}/settings?guild_id=${MARK}query&${MARK}name=1`),
      await request('GET', `${MODULE}/settings/${MARK}path`),
      await request('GET', `/%zz${MARK}path`),
      await request('GET', `${MODULE}/status?guild_id=1`, undefined, { authorization: `Bearer ${MARK}token` }),
      await request('GET', `${MODULE}/status?guild_id=1`, undefined, { authorization: `Basic ${MARK}token` }),
      await request('GET', `${MODULE}/status?guild_id=1`, undefined, { cookie: `session=${MARK}cookie` }),
      await request('POST', `${MODULE}/stats/command/check`, label),
      await request('POST', `${MODULE}/stats/command/check`, `{"${secret}":1,"${secret}":2}`),
      await request('POST', `${MODULE}/stats/command/check`, `{"command":"${secret}`),
      await request('POST', `${MODULE}/stats/command/check`, label, { 'content-type': `text/${MARK}type` }),
      await request('POST', `${MODULE}/enable`, `{"guild_id":"${secret}"}`),
      await request('PATCH', `${MODULE}/settings`, `{"guild_id":"${guildId}","${secret}":1}`),
      await request('PATCH', `${MODULE}/settings`, `{"guild_id":"${guildId}","starboard_channel":"4815162342"}`),
      await request('DELETE', `${MODULE}/settings/delete?guild_id=${MARK}delete`),
    ];
    return {
      statuses: [...new Set(statuses)].toSorted((a, b) => a - b),
      revealing: errorAnswers.filter(revealsInternalDetails),
    };
  };

  it('is not logged if it is in a request', async () => {
    expect(await requestEverything()).toEqual({ statuses: [200, 202, 400, 401, 404, 415], revealing: [] });
    await untilLogged(query, 'DELETE /modules/serverstats/settings/delete 400');
    expect(logs()).not.toContain(MARK);
  });

  it('is not logged if it is an API key that is created, used, revoked and rejected', async () => {
    const json = { 'content-type': 'application/json' };
    const made = await fetch(`${query.url}/auth/api-keys`, {
      method: 'POST',
      body: JSON.stringify({ guild_id: guildId, name: 'a' }),
      headers: { authorization: `Bearer ${SERVICE_KEY}`, ...json },
    });
    const { id, key } = ((await made.json()) as { data: { id: string; key: string } }).data;
    const authorization = `Bearer ${key}`;
    const path = `${MODULE}/status?guild_id=${guildId}`;
    expect(await request('GET', path, undefined, { authorization })).toBe(200);
    expect(await request('DELETE', `/auth/api-keys/${id}`)).toBe(200);
    await waitFor(async () => (await request('GET', path, undefined, { authorization })) === 401, {
      what: 'the key to be rejected',
    });
    await untilLogged(query, `"api_key_id":"${id}"`);
    await untilLogged(query, /"status":401.*GET \/modules\/serverstats\/status 401/);
    expect(logs()).not.toContain(key.slice('serverstats_'.length));
  });

  it('is not logged if Postgres rejects it with a message that repeats it', async () => {
    await system.database.query(`
      CREATE FUNCTION repeat_it() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'invalid value: "${MARK}row"' USING ERRCODE = 'invalid_text_representation';
      END $$`);
    const tables = ['guild_settings', 'statistic_events'];
    for (const table of tables) {
      await alter(
        `CREATE TRIGGER repeat_it BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION repeat_it()`,
      );
    }
    const publisher = await system.connectPublisher();
    try {
      expect(await requestEverything()).toEqual({ statuses: expect.arrayContaining([401, 503]), revealing: [] });
      await publisher.publish('command.used', { guild_id: guildId, command: `${MARK}label` });
      await untilLogged(ingestion, 'Postgres rejected an event');
      await publisher.waitForDeadLetters(1);
    } finally {
      await publisher.close();
      for (const table of tables) await alter(`DROP TRIGGER IF EXISTS repeat_it ON ${table}`);
    }
    await untilLogged(query, 'the database refused a value');
    expect(logs()).not.toContain(MARK);
  });

  it('is not logged if it is in a message', async () => {
    const publisher = await system.connectPublisher();
    const secret = `${MARK}message`;
    const bad: [key: string, body: string | Buffer, properties?: object][] = [
      ['command.used', `{"${secret}":1,"${secret}":2}`],
      ['command.used', `{"command":"${secret}`],
      ['command.used', `{"guild_id":"${secret}","command":"${secret}"}`],
      ['command.used', `[{"guild_id":"${secret}"}]`],
      ['command.used', `{"pattern":"${secret}","data":{}}`],
      [secret, `{"guild_id":1}`],
      ['command.used', '{}', { contentEncoding: secret }],
      ['command.used', gzipSync(secret), { contentEncoding: 'gzip', messageId: secret, headers: { [secret]: secret } }],
      ['command.used', secret, { contentEncoding: 'gzip', contentType: secret }],
      ['guild.deleted', `{"guild_id":"${guildId}","unavailable":"${secret}"}`],
    ];
    try {
      for (const [key, body, properties] of bad) await publisher.publish(key, body, properties);
      await publisher.sendToQueue('serverstats.statistics', { pattern: secret, data: secret });
      await publisher.waitForDeadLetters(bad.length + 1);
    } finally {
      await publisher.close();
    }
    expect(logs()).not.toContain(MARK);
  });

  it('is not logged, nor is a password in a URL, while the broker or the database is away', async () => {
    await proxies.broker.refuse();
    proxies.broker.cutAll();
    await untilBrokerIs('degraded');
    expect(await requestEverything()).toEqual({ statuses: expect.arrayContaining([401, 503]), revealing: [] });
    await proxies.database.refuse();
    proxies.database.cutAll();
    await waitFor(async () => (await fetch(`${query.url}/readyz`)).status === 503, { what: 'the database to be away' });
    expect(await requestEverything()).toEqual({ statuses: expect.arrayContaining([401, 503]), revealing: [] });
    await untilLogged(ingestion, 'RabbitMQ is not available');
    await proxies.database.accept();
    await proxies.broker.accept();
    await untilBrokerIs('ok');
    expect(logs()).not.toContain(MARK);
  });

  it('is not logged if tables are missing', async () => {
    await system.database.query('ALTER TABLE statistic_events RENAME TO away');
    await system.database.query('ALTER TABLE guild_settings RENAME TO settings_away');
    try {
      expect(await requestEverything()).toEqual({ statuses: expect.arrayContaining([401, 503]), revealing: [] });
    } finally {
      await system.database.query('ALTER TABLE away RENAME TO statistic_events');
      await system.database.query('ALTER TABLE settings_away RENAME TO guild_settings');
    }
    await untilLogged(query, /relation .{1,3}guild_settings/);
    expect(logs()).not.toContain(MARK);
  });

  it('is not logged if a service cannot connect with it', async () => {
    const wrong = new URL(system.vhost.url);
    wrong.password = `${MARK}broker-password`;
    const env = { LOG_LEVEL: 'trace', SERVICE_KEY };
    const { service } = await system.startQuery({ brokerUrl: wrong.href, listening: true, env });
    const other = await system.startIngestion({
      brokerUrl: wrong.href,
      databaseUrl: `postgres://${MARK}user:${MARK}database-password@127.0.0.1:1/none`,
      listening: true,
      env,
    });
    await untilLogged(service, 'events cannot be handed over');
    await untilLogged(other, 'the database is not available');
    expect(logs()).not.toContain(`password`);
    expect(logs()).not.toContain(MARK);
  });
});

/** Whether an answer reveals internal details. It may repeat what the caller sent, except credentials. */
function revealsInternalDetails(answer: string): boolean {
  return (
    INTERNAL_DETAILS.test(answer) ||
    answer.includes(process.cwd()) ||
    ['service-key', 'token', 'cookie', 'row', 'database-password'].some((what) => answer.includes(MARK + what))
  );
}
