import { SERVICE_KEY } from '../harness/services.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

const LIMIT = 5;

describe('the rate limit', () => {
  let database: TestDatabase;
  let query: QueryInProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.release());
  // The service keeps the counts in memory, so every test starts its own service.
  beforeEach(async () => {
    query = await startQueryInProcess(database.url, {
      RATE_LIMIT_PER_MINUTE: String(LIMIT),
      TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8',
    });
  });
  afterEach(() => query?.close());

  const guildId = newGuildId();
  const makeKey = async () => {
    const { data } = await query.client.request<{ key: string }>('/auth/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ guild_id: guildId, name: 'a' }),
    });
    return data.key;
  };
  const status = (key: string | undefined, from?: string) =>
    query.client.request(`/modules/serverstats/status?guild_id=${guildId}`, {
      headers: { authorization: key === undefined ? '' : `Bearer ${key}`, ...(from && { 'x-forwarded-for': from }) },
    });
  const statuses = async (count: number, key: string | undefined, from?: string) => {
    const all: number[] = [];
    for (let n = 0; n < count; n++) all.push((await status(key, from)).status);
    return all;
  };

  it('allows a fixed number of requests per key, and reports how many are left', async () => {
    const key = await makeKey();
    const left: (string | null)[] = [];
    for (let n = 0; n < LIMIT; n++) {
      const { headers } = await status(key);
      expect(headers.get('ratelimit-policy')).toBe(`"key";q=${LIMIT};w=60`);
      left.push(headers.get('ratelimit'));
    }
    expect(left[0]).toMatch(/^"key";r=4;t=60$/);
    expect(left[4]).toMatch(/^"key";r=0;t=(?:60|59)$/);
    const refused = await status(key);
    expect(refused).toMatchObject({ status: 429, error: { code: 429, name: 'TooManyRequestsError' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(refused.headers.get('ratelimit')).toMatch(/^"key";r=0;t=/);
    expect(refused.headers.get('x-request-id')).toBeTruthy();
  });

  it('counts each key separately', async () => {
    const [one, other] = [await makeKey(), await makeKey()];
    expect(await statuses(LIMIT + 1, one)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(await statuses(1, other)).toEqual([200]);
  });

  it('counts a request before its form and permission are checked', async () => {
    const key = await makeKey();
    await statuses(LIMIT, key);
    const wrong = await query.client.request('/modules/serverstats/status', {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(wrong.status).toBe(429);
  });

  it('does not apply to the service key, whose answers have no RateLimit header', async () => {
    expect(await statuses(3 * LIMIT, SERVICE_KEY)).toEqual(Array(3 * LIMIT).fill(200));
    expect((await status(SERVICE_KEY)).headers.has('ratelimit')).toBe(false);
  });

  it('allows a fixed number of wrong credentials per address, and then rejects even a valid API key', async () => {
    const key = await makeKey();
    const first = await status('wrong');
    expect(first).toMatchObject({ status: 401 });
    expect(first.headers.get('ratelimit')).toMatch(/^"failed-credentials";r=4;t=60$/);
    expect(await statuses(LIMIT, `serverstats_${'A'.repeat(43)}`)).toEqual([401, 401, 401, 401, 429]);
    const refused = await status(key);
    expect(refused).toMatchObject({ status: 429, error: { name: 'TooManyRequestsError' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(await statuses(1, undefined)).toEqual([429]);
  });

  it('accepts the service key whatever others sent from its address', async () => {
    await statuses(LIMIT + 1, 'wrong');
    expect(await statuses(1, SERVICE_KEY)).toEqual([200]);
  });

  it('does not count requests without a credential', async () => {
    expect(await statuses(LIMIT + 2, undefined)).toEqual(Array(LIMIT + 2).fill(401));
  });

  it('distinguishes addresses behind trusted proxies, and counts an IPv6 /64 network as one address', async () => {
    expect(await statuses(LIMIT + 1, 'wrong', '203.0.113.7')).toEqual([401, 401, 401, 401, 401, 429]);
    expect(await statuses(1, 'wrong', '203.0.113.8')).toEqual([401]);
    expect(await statuses(1, 'wrong', '203.0.113.7, 10.1.2.3')).toEqual([429]);
    expect(await statuses(LIMIT, 'wrong', '2001:db8:1:2::1')).toEqual([401, 401, 401, 401, 401]);
    expect(await statuses(1, 'wrong', '2001:db8:1:2:ffff::')).toEqual([429]);
    expect(await statuses(1, 'wrong', '2001:db8:1:3::1')).toEqual([401]);
  });

  it('ignores X-Forwarded-For from an untrusted address', async () => {
    const direct = await startQueryInProcess(database.url, { RATE_LIMIT_PER_MINUTE: '1' });
    try {
      const answers = await Promise.all(
        ['203.0.113.1', '203.0.113.2'].map((address) =>
          direct.client.request('/modules/serverstats/status?guild_id=1', {
            headers: { authorization: 'Bearer wrong', 'x-forwarded-for': address },
          }),
        ),
      );
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401, 429]));
    } finally {
      await direct.close();
    }
  });

  it('can be switched off', async () => {
    const unlimited = await startQueryInProcess(database.url, { RATE_LIMIT_PER_MINUTE: '0' });
    try {
      for (let n = 0; n < 3 * LIMIT; n++) {
        const answer = await unlimited.client.request('/modules/serverstats/status', {
          headers: { authorization: 'Bearer wrong' },
        });
        expect([answer.status, answer.headers.has('ratelimit')]).toEqual([401, false]);
      }
    } finally {
      await unlimited.close();
    }
  });
});
