import { SERVICE_KEY } from '../harness/services.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { download } from './download.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { exchange } from './raw-connection.js';

const MODULE = '/modules/serverstats';
const ALWAYS = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' };
const DATA_HEADERS = {
  ...ALWAYS,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

describe('the security headers', () => {
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

  const headersOf = async (path: string, init: RequestInit = {}, service = query) => {
    const headers = { authorization: `Bearer ${SERVICE_KEY}`, ...(init.headers as Record<string, string>) };
    const response = await fetch(service.url + path, { ...init, headers });
    await response.arrayBuffer();
    return { status: response.status, ...Object.fromEntries(response.headers) };
  };

  it.each<[what: string, status: number, path: string, init: RequestInit]>([
    ['an answer', 200, `${MODULE}/status?guild_id=1`, {}],
    ['an answer to HEAD', 200, `${MODULE}/status?guild_id=1`, { method: 'HEAD' }],
    ['a probe', 200, '/livez', {}],
    ['the metrics', 200, '/metrics', {}],
    ['an invalid request', 400, `${MODULE}/status`, {}],
    ['a malformed path', 400, '/%zz', {}],
    ['a rejected credential', 401, `${MODULE}/status`, { headers: { authorization: 'Bearer no' } }],
    ['a route that does not exist', 404, '/nope', {}],
    ['a body that is too large', 413, `${MODULE}/enable`, { method: 'POST', body: 'x'.repeat(200_000) }],
  ])('are sent with %s', async (_, status, path, init) => {
    expect(await headersOf(path, init)).toMatchObject({ status, ...DATA_HEADERS });
  });

  it('are sent with a download', async () => {
    const guildId = newGuildId();
    await query.client.openGuild(guildId);
    const { headers } = await download(`${query.url}${MODULE}/stats/command/view?guild_id=${guildId}&format=csv`);
    expect(headers).toMatchObject({ ...DATA_HEADERS, 'content-disposition': expect.any(String) });
  });

  it('are sent with the answer to a malformed request', async () => {
    expect((await exchange(query.url, 'HELLO\r\n\r\n')).headers).toMatchObject(DATA_HEADERS);
  });

  it('allow the documentation to run its own scripts, and no others', async () => {
    const policy = await headersOf('/docs').then((headers) => headers['content-security-policy' as never] as string);
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    const page = await (await fetch(`${query.url}/docs`)).text();
    // The policy would block inline scripts and event handler attributes.
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>|\son\w+=/);
    const sources = [...page.matchAll(/<(?:script|link)[^>]*\s(?:src|href)=["']([^"']+)/g)].map(([, url]) => url!);
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      const response = await fetch(new URL(source, `${query.url}/docs`));
      expect([source, response.status, new URL(response.url).origin]).toEqual([source, 200, query.url]);
      expect(Object.fromEntries(response.headers)).toMatchObject(ALWAYS);
      await response.arrayBuffer();
    }
  });

  describe('of the dashboard', () => {
    it.each(['/', '/login', '/login/?error=denied', '/me', '/g/1', '/g/1/s/message.sent?days=7'])(
      'allow the page at %s nothing but files and the API of the service',
      async (path) => {
        const response = await fetch(query.url + path);
        const headers = Object.fromEntries(response.headers);
        expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('<div id="app">')]);
        expect(headers).toMatchObject({
          ...ALWAYS,
          'content-type': 'text/html; charset=utf-8',
          'cache-control': 'no-cache',
          'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self'; style-src 'self';/),
        });
        expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:|data:|\*/);
      },
    );

    it('let browsers keep its files whose names change with their content, and check the others', async () => {
      const page = await (await fetch(query.url)).text();
      const files = [...page.matchAll(/(?:src|href)="(\/(?:assets\/)?[\w.-]+\.\w+)"/g)].map(([, path]) => path!);
      expect(files).toHaveLength(5);
      for (const path of files) {
        const response = await fetch(query.url + path);
        await response.arrayBuffer();
        const cached = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
        expect([path, response.status, response.headers.get('cache-control')]).toEqual([path, 200, cached]);
      }
    });

    it.each(['/assets/nope.js', '/assets/..%2findex.html', '/g', '/loginx', '/v1/g/1', '/modules/serverstats/nope'])(
      'are not sent with %s, which is not of the dashboard',
      async (path) => {
        const response = await fetch(query.url + path);
        expect(await response.json()).toMatchObject({ success: false, error: { name: 'NotFoundError' } });
        expect(response.status).toBe(404);
      },
    );
  });

  it('include Strict-Transport-Security only if PUBLIC_URL is an https URL', async () => {
    expect(await headersOf('/livez')).not.toHaveProperty('strict-transport-security');
    for (const [publicUrl, expected] of [
      ['https://stats.example.org', 'max-age=31536000'],
      ['http://stats.example.org', undefined],
    ] as const) {
      const service = await startQueryInProcess(database.url, { PUBLIC_URL: publicUrl }, { connected: false });
      try {
        const headers = (await headersOf('/nope', {}, service)) as Record<string, unknown>;
        expect([publicUrl, headers['strict-transport-security']]).toEqual([publicUrl, expected]);
      } finally {
        await service.close();
      }
    }
  });
});
