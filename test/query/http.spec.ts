import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { SERVICE_KEY } from '../harness/services.js';
import { waitFor } from '../harness/wait-for.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

const MODULE = '/modules/serverstats';
const AUTHORIZATION = { authorization: `Bearer ${SERVICE_KEY}` };

describe('the HTTP server of the query service', () => {
  let database: TestDatabase;
  let query: QueryInProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  it.each([
    '/nope',
    '/v2/modules/serverstats',
    `${MODULE}/nope`,
    `${MODULE}/settings/nope`,
    '/auth/nope',
    '/docs/nope',
  ])('answers NotFoundError at %s', async (path) => {
    const answer = await query.client.request(path);
    expect(answer).toMatchObject({
      status: 404,
      success: false,
      data: {},
      error: { code: 404, name: 'NotFoundError' },
    });
    expect(answer.headers.get('x-request-id')).toBeTruthy();
  });

  it('answers NotFoundError for a method that the route does not have, whatever the body', async () => {
    const init = { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } };
    expect(await query.client.request(`${MODULE}/status`, init)).toMatchObject({ status: 404 });
    expect(await query.client.request(MODULE, { method: 'OPTIONS' })).toMatchObject({ status: 404 });
  });

  it('checks the credential before the length of a path parameter', async () => {
    const path = `/auth/api-keys/${'a'.repeat(300)}`;
    expect((await fetch(query.url + path, { method: 'DELETE' })).status).toBe(401);
    expect(await query.client.request(path, { method: 'DELETE' })).toMatchObject({
      status: 400,
      error: { fields: [{ field: 'id' }] },
    });
  });

  it('ignores a trailing slash', async () => {
    expect((await query.client.request(`${MODULE}/status/?guild_id=1`)).status).toBe(200);
    expect((await query.client.request(`/v1${MODULE}/`)).status).toBe(200);
  });

  it('accepts a valid X-Request-Id, returns it, and logs it', async () => {
    const headers = { 'x-request-id': 'my-Request.1_' };
    const answer = await query.client.request(`${MODULE}/status?guild_id=1`, { headers });
    expect(answer.headers.get('x-request-id')).toBe('my-Request.1_');
    const line = query.log.find(({ request_id }) => request_id === 'my-Request.1_');
    expect(line).toMatchObject({
      method: 'GET',
      route: `${MODULE}/status`,
      status: 200,
      duration_ms: expect.any(Number),
    });
  });

  it('logs requests for the probes and metrics at debug, everything else at info', async () => {
    const paths = ['/readyz', '/livez', '/metrics', '/openapi.json', '/asyncapi.json'];
    for (const path of paths) await (await fetch(`${query.url}${path}`)).text();
    const levels = () => new Map(query.log.map(({ route, level }) => [route, level]));
    await waitFor(async () => paths.every((path) => levels().has(path)), { what: 'the log lines' });
    expect(paths.map((path) => levels().get(path))).toEqual(['debug', 'debug', 'debug', 'info', 'info']);
    expect(query.log.filter(({ route, level }) => route === '/readyz' && level !== 'debug')).toEqual([]);
  });

  it.each(['', 'a b', 'a'.repeat(129), 'a/b'])('generates a request id instead of %j', async (id) => {
    const answer = await query.client.request(MODULE, { headers: { 'x-request-id': id } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('logs no query string, no body and no credential', async () => {
    await query.client.request(`${MODULE}/status?guild_id=47x&user=4711471147114711`);
    await query.client.send('POST', 'enable', { guild_id: '48x', user: '4812481248124812' });
    const log = JSON.stringify(query.log);
    const secrets = ['47x', '4711471147114711', '48x', '4812481248124812', SERVICE_KEY];
    for (const secret of secrets) expect(log).not.toContain(secret);
  });

  it('logs the guild that a request names in its query string or body', async () => {
    const inQuery = await query.client.request(`${MODULE}/status?guild_id=4711471147114711`);
    const inBody = await query.client.send('POST', 'enable', '{"guild_id":4812481248124812481}');
    const lineOf = ({ headers }: { headers: Headers }) =>
      query.log.find(({ request_id }) => request_id === headers.get('x-request-id'));
    expect(lineOf(inQuery)).toMatchObject({ level: 'info', guild_id: '4711471147114711' });
    expect(lineOf(inBody)).toMatchObject({ level: 'info', guild_id: '4812481248124812481' });
  });

  it('checks the credential before it reads the body', async () => {
    const init = { method: 'POST', body: '{', headers: { authorization: 'Bearer no', 'content-type': 'text/x' } };
    expect(await query.client.request(`${MODULE}/enable`, init)).toMatchObject({
      status: 401,
      error: { code: 401, name: 'UnauthorizedError' },
    });
  });

  it('ignores the case of the authorization scheme', async () => {
    const headers = { authorization: `bearer ${SERVICE_KEY}` };
    expect((await query.client.request(`${MODULE}/status?guild_id=1`, { headers })).status).toBe(200);
  });

  it.each(['/%zz', `${MODULE}/status%`, '/%ff', `${MODULE}/%E0%A4%A`])(
    'answers BadRequestError at %s',
    async (path) => {
      const answer = await query.client.request(path);
      expect(answer).toMatchObject({ status: 400, success: false, error: { name: 'BadRequestError' } });
      expect(answer.headers.get('x-request-id')).toBeTruthy();
    },
  );

  it('treats a missing or empty body as {}', async () => {
    for (const type of [undefined, 'application/json', 'text/plain']) {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      const answer = await query.client.request(`${MODULE}/enable`, { method: 'POST', headers });
      expect(answer).toMatchObject({ status: 400, error: { fields: [{ field: 'guild_id', message: 'is required' }] } });
    }
  });

  it('keeps every digit of an id, as integer or string, in body and query string', async () => {
    for (const id of ['9007199254740993', '9223372036854775807', '175928847299117063']) {
      const asInteger = await query.client.send<{ guild_id: string }>(
        'DELETE',
        'settings/delete',
        `{"guild_id":${id}}`,
      );
      const asString = await query.client.send<{ guild_id: string }>('DELETE', 'settings/delete', { guild_id: id });
      const inQuery = await query.client.get<{ guild_id: string }>('status', { guild_id: id });
      expect([asInteger, asString, inQuery].map(({ data }) => data.guild_id)).toEqual([id, id, id]);
    }
  });

  it('answers the probes without a credential, and the metrics only with one', async () => {
    expect(await (await fetch(`${query.url}/livez`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${query.url}/readyz`)).json()).toMatchObject({ status: 'ready' });
    expect((await fetch(`${query.url}/metrics`)).status).toBe(401);
    const guildId = newGuildId();
    await query.client.get('status', { guild_id: guildId });
    const metrics = await (await fetch(`${query.url}/metrics`, { headers: AUTHORIZATION })).text();
    const names = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names.filter((name) => !name!.startsWith('serverstats_'))).toEqual([]);
    expect(metrics.includes(`method="GET",route="${MODULE}/status",status="2xx"`)).toBe(true);
    expect(metrics.includes(guildId)).toBe(false);
  });

  it('serves the API documentation without a credential', async () => {
    expect((await fetch(`${query.url}/docs`)).headers.get('content-type')).toMatch(/text\/html/);
    expect(await (await fetch(`${query.url}/openapi.json`)).json()).toMatchObject({ openapi: '3.1.0' });
  });
});
