import { createTcpProxy, type TcpProxy } from '../harness/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { allSettings } from '../harness/all-settings.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

describe('the query service during an outage', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let query: QueryInProcess;
  let guildId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    const url = new URL(database.url);
    proxy = await createTcpProxy(url.hostname, Number(url.port || 5432));
    url.port = String(proxy.port);
    query = await startQueryInProcess(url.toString());
    guildId = newGuildId();
    await query.client.openGuild(guildId);
  });
  afterEach(async () => {
    query.handover.failure = undefined;
    await proxy.accept();
    await waitFor(async () => (await readyz()).body.status === 'ready', { what: 'the service to be ready again' });
  });
  afterAll(async () => {
    await query?.close();
    await proxy?.close();
    await database?.release();
  });

  const readyz = async () => {
    const response = await fetch(`${query.url}/readyz`);
    return { status: response.status, body: (await response.json()) as { status: string; checks: unknown } };
  };
  const loseDatabase = async () => {
    await proxy.refuse();
    proxy.cutAll();
  };

  it('is ready but degraded without the broker, and still answers reads', async () => {
    query.handover.break();
    const degraded = { status: 'degraded', message: 'switched off by a test' };
    const { body } = await waitFor(
      async () => {
        const answer = await readyz();
        return JSON.stringify(answer.body).includes('degraded') && answer;
      },
      { what: 'readiness to report the broker' },
    );
    expect(body).toEqual({ status: 'ready', checks: { database: { status: 'ok' }, rabbitmq: degraded } });
    expect((await query.client.get('stats/command/view', { guild_id: guildId })).status).toBe(200);
    expect((await query.client.send('POST', 'stats/command/check', { guild_id: guildId, command: 'a' })).status).toBe(
      503,
    );
  });

  it('is alive but not ready without the database, and says which part of a request failed', async () => {
    await loseDatabase();
    const get = (path: string, more = {}) => query.client.get(path, { guild_id: guildId, ...more });
    const send = (method: string, path: string, body: object) => query.client.send(method, path, body);
    const settingsError = { status: 503, error: { code: 802, name: 'SettingsError' } };
    const databaseError = { status: 503, error: { code: 803, name: 'DatabaseError' } };
    const unavailable = { status: 503, error: { code: 503, name: 'ServiceUnavailableError' } };
    const member = { guild_id: guildId, privacy_member_id: '4' };

    expect(await get('status')).toMatchObject(settingsError);
    expect(await get('settings')).toMatchObject(settingsError);
    expect(await get('stats/command/view')).toMatchObject(settingsError);
    expect(await send('POST', 'stats/command/check', { guild_id: guildId, command: 'a' })).toMatchObject(settingsError);
    expect(await send('PUT', 'settings', allSettings(guildId))).toMatchObject(databaseError);
    expect(await send('POST', 'enable', { guild_id: guildId })).toMatchObject(databaseError);
    expect(await send('POST', 'disable', { guild_id: guildId })).toMatchObject(databaseError);
    expect(await send('DELETE', 'settings/delete', { guild_id: guildId })).toMatchObject(databaseError);
    expect(await send('DELETE', 'privacy/delete-user-entries', member)).toMatchObject(databaseError);
    const read = await get('privacy/get-user-entries', { privacy_member_id: '4' });
    expect(read).toMatchObject(unavailable);
    expect(read.headers.get('retry-after')).toMatch(/^\d+$/);

    expect((await fetch(`${query.url}/livez`)).status).toBe(200);
    await waitFor(async () => (await readyz()).status === 503, { what: 'readiness to report the database' });
  });

  it('returns 503, not 401, for an API key while the database is away', async () => {
    const json = { 'content-type': 'application/json' };
    const create = () =>
      query.client.request<{ key: string }>('/auth/api-keys', {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ guild_id: guildId, name: 'a' }),
      });
    const authorization = `Bearer ${(await create()).data.key}`;
    const path = `/modules/serverstats/status?guild_id=${guildId}`;
    await loseDatabase();
    // A key that was read recently is still accepted from the cache. This one was never used.
    expect(await query.client.request(path, { headers: { authorization } })).toMatchObject({
      status: 503,
      error: { name: 'ServiceUnavailableError' },
    });
    expect(await create()).toMatchObject({ status: 503, error: { name: 'DatabaseError' } });
    const list = await query.client.request(`/auth/api-keys?guild_id=${guildId}`);
    expect(list).toMatchObject({ status: 503, error: { name: 'ServiceUnavailableError' } });
  });

  it('recovers when the database is back', async () => {
    await loseDatabase();
    expect((await query.client.get('status', { guild_id: guildId })).status).toBe(503);
    await proxy.accept();
    const { data } = await waitFor(
      async () => {
        const answer = await query.client.get('status', { guild_id: guildId });
        return answer.status === 200 && answer;
      },
      { what: 'the status of a guild' },
    );
    expect(data).toEqual({ guild_id: guildId, enabled: true });
  });

  it('starts without its database, alive but not ready, and becomes ready when the database is back', async () => {
    await loseDatabase();
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const early = await startQueryInProcess(url.toString(), {}, { connected: false });
    try {
      expect((await fetch(`${early.url}/livez`)).status).toBe(200);
      expect((await fetch(`${early.url}/readyz`)).status).toBe(503);
      const answer = await early.client.get('status', { guild_id: guildId });
      expect(answer).toMatchObject({ status: 503, error: { name: 'SettingsError' } });
      await proxy.accept();
      await waitFor(async () => (await fetch(`${early.url}/readyz`)).status === 200, {
        what: 'the service to be ready',
      });
    } finally {
      await early.close();
    }
  });
});
