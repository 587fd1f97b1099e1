import { SERVICE_KEY } from '../harness/services.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

const STATUS = '/modules/serverstats/status?guild_id=1';
const ALLOWED = 'https://stats.example.org';
const OTHER = 'https://stats.example.org.evil.example';

describe('a page of another origin', () => {
  let database: TestDatabase;
  let open: QueryInProcess;
  let closed: QueryInProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    const env = { CORS_ORIGINS: `${ALLOWED},http://localhost:8080` };
    open = await startQueryInProcess(database.url, env);
    closed = await startQueryInProcess(database.url);
  });
  afterAll(async () => {
    await open?.close();
    await closed?.close();
    await database?.release();
  });

  const ask = async (service: QueryInProcess, path: string, init: RequestInit) => {
    const response = await fetch(service.url + path, init);
    await response.arrayBuffer();
    return { status: response.status, headers: Object.fromEntries(response.headers) };
  };
  const preflight = (service: QueryInProcess, origin: string, method = 'PATCH') =>
    ask(service, '/modules/serverstats/settings', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'x-csrf-token' },
    });
  const call = (service: QueryInProcess, origin: string, key = SERVICE_KEY, path = STATUS) =>
    ask(service, path, { headers: { origin, authorization: `Bearer ${key}` } });

  it('may send a preflight request without a credential if its origin is allowed', async () => {
    for (const origin of [ALLOWED, 'http://localhost:8080']) {
      const { status, headers } = await preflight(open, origin);
      expect(status).toBe(204);
      expect(headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': 'Authorization, Content-Type, Content-Encoding, X-CSRF-Token',
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'x-request-id': expect.any(String),
        vary: 'Origin',
      });
    }
  });

  it('may read answers and their headers if its origin is allowed', async () => {
    const { status, headers } = await call(open, ALLOWED);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'access-control-allow-origin': ALLOWED,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, Content-Disposition',
      vary: 'Origin',
    });
  });

  it.each([
    ['a rejected credential', 401, STATUS, 'no'],
    ['an invalid request', 400, '/modules/serverstats/status', SERVICE_KEY],
    ['a route that does not exist', 404, '/nope', SERVICE_KEY],
  ])('may read the error for %s', async (_, status, path, key) => {
    const answer = await call(open, ALLOWED, key, path);
    expect(answer).toMatchObject({ status, headers: { 'access-control-allow-origin': ALLOWED } });
  });

  it.each([OTHER, 'null', 'http://stats.example.org', 'https://STATS.example.org', 'https://stats.example.org:8443'])(
    'gets no permission for the origin %s',
    async (origin) => {
      for (const { headers } of [await preflight(open, origin), await call(open, origin)]) {
        expect(headers).not.toHaveProperty('access-control-allow-origin');
      }
    },
  );

  it('gets no permission, and 404 for its preflight request, if no origin is configured', async () => {
    const asked = await preflight(closed, ALLOWED);
    const called = await call(closed, ALLOWED);
    expect([asked.status, called.status]).toEqual([404, 200]);
    for (const { headers } of [asked, called]) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('still needs a credential', async () => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const path = method === 'GET' ? STATUS : '/modules/serverstats/enable';
      const { status } = await ask(open, path, { method, headers: { origin: ALLOWED } });
      expect([method, status]).toEqual([method, method === 'OPTIONS' ? 204 : 401]);
    }
  });
});
