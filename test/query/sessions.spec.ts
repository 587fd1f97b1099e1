import { parseSetCookie } from 'cookie';
import { ManualClock } from '../doubles/manual-clock.js';
import { DiscordDouble } from '../doubles/discord/index.js';
import { Browser } from '../harness/browser.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { SERVICE_KEY } from '../harness/services.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const MODULE = '/modules/serverstats';
const PUBLIC_URL = 'https://stats.example.org';
const APPLICATION = {
  clientId: '175928847299117063',
  clientSecret: 'made-up-client-secret',
  redirectUrl: `${PUBLIC_URL}/auth/callback`,
};
const MINUTE_MS = 60_000;

interface Caller {
  principal: string;
  user: { id: string; name: string } | null;
  guilds: { id: string; name: string | null; enabled: boolean }[];
  csrf_token: string | null;
}

describe('sessions', () => {
  let database: TestDatabase;
  let discord: DiscordDouble;
  let clock: ManualClock;
  let query: QueryInProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    discord = await DiscordDouble.start();
    discord.login.application = APPLICATION;
    clock = new ManualClock();
    query = await startQuery();
  });
  afterAll(async () => {
    await query?.close();
    await discord?.close();
    await database?.release();
  });
  afterEach(() => {
    discord.faults.clear();
    const violations = discord.violations.splice(0);
    if (violations.length > 0) throw new Error(violations.join('\n'));
  });

  const startQuery = (env: Record<string, string> = {}) =>
    startQueryInProcess(
      database.url,
      {
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.url,
        DISCORD_CLIENT_ID: APPLICATION.clientId,
        DISCORD_CLIENT_SECRET: APPLICATION.clientSecret,
        PUBLIC_URL,
        RATE_LIMIT_PER_MINUTE: '0',
        ...env,
      },
      { clock },
    );

  const makeKey = async (guildId: string, access = 'write') => {
    const { data } = await query.client.request<{ id: string; key: string }>('/auth/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ guild_id: guildId, name: 'test', access }),
    });
    return data;
  };

  /** A browser that has logged in with a key. */
  const loggedInWith = async (key: string, url = query.url) => {
    const browser = new Browser(url);
    expect(await browser.call('POST', '/auth/session', { key })).toMatchObject({ status: 200 });
    return browser;
  };

  /** A member with Manage Server in a guild, whose browser has logged in. */
  const loggedInMember = async () => {
    const guild = discord.state.addGuild({ name: 'Owls' });
    const { id: userId } = discord.state.addUser({ globalName: 'Minerva' });
    discord.login.join(userId, guild.id, ['ManageGuild']);
    discord.login.visitor = userId;
    const browser = new Browser(query.url, PUBLIC_URL);
    expect(await browser.logInWithDiscord()).toBe(`${PUBLIC_URL}/`);
    return { browser, userId, guildId: guild.id };
  };

  const statusOf = async (browser: Browser, path: string) => (await browser.call('GET', path)).status;

  describe('with a key', () => {
    it('have the rights of the key', async () => {
      const [own, other] = ['175928847299117071', '175928847299117072'];
      const { key } = await makeKey(own, 'read');
      const browser = await loggedInWith(key);
      expect(await statusOf(browser, `${MODULE}/status?guild_id=${own}`)).toBe(200);
      expect(await statusOf(browser, `${MODULE}/status?guild_id=${other}`)).toBe(403);
      expect((await browser.call('POST', `${MODULE}/enable`, { guild_id: own })).status).toBe(403);
      const service = await loggedInWith(SERVICE_KEY);
      expect((await service.call('POST', `${MODULE}/enable`, { guild_id: own })).status).toBe(200);
      expect((await browser.call<Caller>('GET', '/auth/me')).data).toMatchObject({
        principal: 'guild',
        user: null,
        guilds: [{ id: own, name: null, icon: null, enabled: true }],
      });
    });

    it('have a cookie that scripts cannot read and other sites do not send', async () => {
      const { key } = await makeKey('175928847299117073');
      const response = await new Browser(query.url).open('/auth/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ key }),
      });
      const [session, csrf] = response.headers.getSetCookie().map((header) => parseSetCookie(header));
      const common = { path: '/', secure: true, sameSite: 'lax', expires: expect.any(Date) };
      expect(session).toMatchObject({ ...common, name: 'serverstats_session', httpOnly: true });
      expect(csrf).toMatchObject({ ...common, name: 'serverstats_csrf' });
      expect(csrf!.httpOnly).toBeUndefined();
      const days = (session!.expires!.getTime() - Date.now()) / 86_400_000;
      expect(days).toBeLessThanOrEqual(7);
      expect(days).toBeGreaterThan(6.99);
    });

    it('have cookies without Secure if the service has no https address', async () => {
      const plain = await startQuery({ PUBLIC_URL: 'http://127.0.0.1' });
      try {
        const response = await fetch(`${plain.url}/auth/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ key: SERVICE_KEY }),
        });
        for (const header of response.headers.getSetCookie()) expect(parseSetCookie(header).secure).toBeUndefined();
      } finally {
        await plain.close();
      }
    });

    it('need the CSRF token for a change, and not for reading', async () => {
      const guildId = '175928847299117074';
      const browser = await loggedInWith((await makeKey(guildId)).key);
      const other = await loggedInWith((await makeKey(guildId)).key);
      const enable = (headers: Record<string, string>) =>
        browser.open(`${MODULE}/enable`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ guild_id: guildId }),
        });
      expect(await statusOf(browser, `${MODULE}/status?guild_id=${guildId}`)).toBe(200);
      const refused = await enable({});
      expect([refused.status, await refused.json()]).toMatchObject([
        403,
        { error: { name: 'ForbiddenError', message: expect.stringContaining('X-CSRF-Token') } },
      ]);
      expect((await enable({ 'x-csrf-token': other.cookies.get('serverstats_csrf')! })).status).toBe(403);
      const { csrf_token } = (await browser.call<Caller>('GET', '/auth/me')).data;
      expect(csrf_token).toBe(browser.cookies.get('serverstats_csrf'));
      expect((await enable({ 'x-csrf-token': csrf_token! })).status).toBe(200);
    });

    it('hold on every instance, and end on every instance with a logout', async () => {
      const other = await startQuery();
      try {
        const browser = await loggedInWith(SERVICE_KEY);
        const elsewhere = new Browser(other.url);
        for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
        expect(await statusOf(elsewhere, '/auth/me')).toBe(200);
        const kept = new Map(browser.cookies);
        expect(await browser.call('POST', '/v1/auth/logout')).toMatchObject({ data: { logged_out: true } });
        expect(browser.cookies.size).toBe(0);
        for (const [name, value] of kept) browser.cookies.set(name, value);
        expect(await statusOf(browser, '/auth/me')).toBe(401);
        await waitFor(async () => (await statusOf(elsewhere, '/auth/me')) === 401, {
          what: 'the end of the session on the other instance',
          timeoutMs: 2_000,
        });
      } finally {
        await other.close();
      }
    });

    it('end with their key', async () => {
      const { id, key } = await makeKey('175928847299117075');
      const browser = await loggedInWith(key);
      expect(await statusOf(browser, '/auth/me')).toBe(200);
      await query.client.request(`/auth/api-keys/${id}`, { method: 'DELETE' });
      await waitFor(async () => (await statusOf(browser, '/auth/me')) === 401, {
        what: 'the end of the session',
        timeoutMs: 2_000,
      });
      expect(await database.query('SELECT FROM browser_sessions WHERE api_key_id = $1', [id])).toEqual([]);
    });

    it('end when the service key is changed, and not while both keys are accepted', async () => {
      const changed = 'n'.repeat(40);
      const browser = await loggedInWith(SERVICE_KEY);
      for (const [keys, status] of [
        [`${SERVICE_KEY},${changed}`, 200],
        [changed, 401],
      ] as const) {
        const instance = await startQuery({ SERVICE_KEY: keys });
        try {
          const elsewhere = new Browser(instance.url);
          for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
          expect(await statusOf(elsewhere, '/auth/me')).toBe(status);
        } finally {
          await instance.close();
        }
      }
    });

    it('end after their time, and are deleted when another one begins', async () => {
      const browser = await loggedInWith(SERVICE_KEY);
      await database.query(`UPDATE browser_sessions SET expires_at = now() - interval '1 second'`);
      await waitFor(async () => (await statusOf(browser, '/auth/me')) === 401, {
        what: 'the end of the session',
        timeoutMs: 2_000,
      });
      await loggedInWith(SERVICE_KEY);
      expect(await database.query('SELECT FROM browser_sessions')).toHaveLength(1);
    });

    it('are at most 50 for a key: the oldest one ends', async () => {
      const { id, key } = await makeKey('175928847299117076');
      const first = await loggedInWith(key);
      await database.query(
        `INSERT INTO browser_sessions (id, secret_hash, api_key_id, created_at, expires_at)
         SELECT gen_random_uuid(), sha256(n::text::bytea), $1, now(), now() + interval '1 day'
         FROM generate_series(1, 49) n`,
        [id],
      );
      const last = await loggedInWith(key);
      const kept = await database.query('SELECT FROM browser_sessions WHERE api_key_id = $1', [id]);
      expect(kept).toHaveLength(50);
      expect(await statusOf(last, '/auth/me')).toBe(200);
      await waitFor(async () => (await statusOf(first, '/auth/me')) === 401, {
        what: 'the end of the oldest session',
        timeoutMs: 2_000,
      });
    });

    it('begin only with a valid key, and wrong ones count as failed credentials', async () => {
      const strict = await startQuery({ RATE_LIMIT_PER_MINUTE: '3' });
      try {
        const browser = new Browser(strict.url);
        const begin = async (body: unknown) => (await browser.call('POST', '/auth/session', body)).status;
        expect(await begin({})).toBe(400);
        for (let attempt = 0; attempt < 2; attempt++) {
          expect(await begin({ key: `serverstats_${'A'.repeat(42)}${attempt}` })).toBe(401);
        }
        browser.cookies.set('serverstats_session', 'A'.repeat(43));
        expect(await statusOf(browser, '/auth/me')).toBe(401);
        expect(await begin({ key: 'wrong' })).toBe(429);
        expect(browser.cookies.has('serverstats_csrf')).toBe(false);
      } finally {
        await strict.close();
      }
    });
  });

  describe('with Discord', () => {
    it('are offered by the login page only where they are configured', async () => {
      const offer = async ({ url }: QueryInProcess) =>
        /serverstats-discord-login" content="(\w+)"/.exec(await (await fetch(`${url}/login`)).text())?.[1];
      const without = await startQueryInProcess(database.url);
      expect([await offer(query), await offer(without)]).toEqual(['on', 'off']);
      await without.close();
    });

    it('have the rights of a manager in the guilds of the user, and no other', async () => {
      const { browser, guildId, userId } = await loggedInMember();
      const joined = discord.state.addGuild({ name: 'Only a member' });
      discord.login.join(userId, joined.id, ['ManageChannels']);
      expect((await browser.call<Caller>('GET', '/auth/me')).data).toEqual({
        principal: 'member',
        user: { id: userId, name: 'Minerva', avatar: null },
        guilds: [{ id: guildId, name: 'Owls', icon: null, enabled: false }],
        csrf_token: browser.cookies.get('serverstats_csrf'),
      });
      expect((await browser.call('POST', `${MODULE}/enable`, { guild_id: guildId })).status).toBe(200);
      expect((await browser.call<Caller>('GET', '/auth/me')).data.guilds).toMatchObject([{ enabled: true }]);
      expect(await statusOf(browser, `${MODULE}/settings?guild_id=${guildId}`)).toBe(200);
      for (const other of [joined.id, '175928847299117099']) {
        expect(await statusOf(browser, `${MODULE}/settings?guild_id=${other}`)).toBe(403);
        expect(await statusOf(browser, `/auth/api-keys?guild_id=${other}`)).toBe(403);
      }
      expect((await browser.call('DELETE', `${MODULE}/settings/delete`, { guild_id: guildId })).status).toBe(200);
    });

    it.each([
      ['the owner', [], true, 200],
      ['an administrator', ['Administrator'], false, 200],
      ['a manager', ['ManageGuild'], false, 200],
      ['a moderator', ['ManageChannels', 'ManageRoles'], false, 403],
    ] as const)('let %s of a guild in by Discord’s permissions', async (_who, permissions, isOwner, status) => {
      const { id: guildId } = discord.state.addGuild();
      const { id: userId } = discord.state.addUser();
      discord.login.join(userId, guildId, permissions, isOwner);
      discord.login.visitor = userId;
      const browser = new Browser(query.url, PUBLIC_URL);
      await browser.logInWithDiscord();
      expect(await statusOf(browser, `${MODULE}/status?guild_id=${guildId}`)).toBe(status);
    });

    it('manage the API keys of their guilds alone', async () => {
      const { browser, guildId } = await loggedInMember();
      const made = await browser.call<{ id: string }>('POST', '/auth/api-keys', { guild_id: guildId, name: 'mine' });
      expect(made.status).toBe(201);
      const foreign = await makeKey('175928847299117077');
      expect((await browser.call('DELETE', `/auth/api-keys/${foreign.id}`)).status).toBe(404);
      expect((await browser.call('DELETE', `/auth/api-keys/${made.data.id}`)).status).toBe(200);
      const { data } = await query.client.request<unknown[]>('/auth/api-keys?guild_id=175928847299117077');
      expect(data).toHaveLength(1);
    });

    it('read and erase the data of their own user in any guild, and of nobody else', async () => {
      const { browser, userId, guildId } = await loggedInMember();
      const own = `privacy_member_id=${userId}`;
      for (const search of [own, `${own}&guild_id=${guildId}`, `${own}&guild_id=175928847299117099`]) {
        expect(await statusOf(browser, `${MODULE}/privacy/get-user-entries?${search}`)).toBe(200);
      }
      expect((await browser.open(`${MODULE}/privacy/export?${own}`)).status).toBe(200);
      expect((await browser.call('DELETE', `${MODULE}/privacy/delete-user-entries?${own}`)).status).toBe(200);
      const other = `guild_id=${guildId}&privacy_member_id=175928847299117098`;
      expect(await statusOf(browser, `${MODULE}/privacy/get-user-entries?${other}`)).toBe(403);
      expect((await browser.call('DELETE', `${MODULE}/privacy/delete-user-entries?${other}`)).status).toBe(403);
    });

    it('open the page from which the login began, and never another site', async () => {
      discord.login.visitor = discord.state.addUser().id;
      for (const [returnTo, opened] of [
        ['/g/1/s/message.sent?days=7', '/g/1/s/message.sent?days=7'],
        ['//evil.example', '/'],
        ['/\\evil.example', '/'],
        ['https://evil.example', '/'],
        ['/a\r\nx: y', '/'],
      ] as const) {
        const browser = new Browser(query.url, PUBLIC_URL);
        expect(await browser.logInWithDiscord(returnTo)).toBe(PUBLIC_URL + opened);
        expect(browser.cookies.has('serverstats_login')).toBe(false);
      }
    });

    it('do not begin if the user refuses', async () => {
      discord.login.visitor = undefined;
      const browser = new Browser(query.url, PUBLIC_URL);
      expect(await browser.logInWithDiscord()).toBe(`${PUBLIC_URL}/login?error=denied`);
      expect(browser.cookies.size).toBe(0);
    });

    it('do not begin in another browser, with another state, or with a code that was used', async () => {
      discord.login.visitor = discord.state.addUser().id;
      const browser = new Browser(query.url, PUBLIC_URL);
      const atDiscord = (await browser.open('/auth/login')).headers.get('location')!;
      const back = (await fetch(atDiscord, { redirect: 'manual' })).headers.get('location')!;
      const endOf = async (of: Browser, address: string) => (await of.open(address)).headers.get('location');

      expect(await endOf(new Browser(query.url, PUBLIC_URL), back)).toBe(`${PUBLIC_URL}/login?error=state`);
      const cookie = browser.cookies.get('serverstats_login')!;
      expect(await endOf(browser, back.replace(/state=[^&]+/, 'state=of-another-login'))).toBe(
        `${PUBLIC_URL}/login?error=state`,
      );
      browser.cookies.set('serverstats_login', cookie);
      expect(await endOf(browser, back)).toBe(`${PUBLIC_URL}/`);
      browser.cookies.set('serverstats_login', cookie);
      expect(await endOf(browser, back)).toBe(`${PUBLIC_URL}/login?error=code`);
    });

    it.each([
      [/^\/api\/oauth2\/token$/, { kind: 'status', status: 503 }],
      [/^\/api\/oauth2\/token$/, { kind: 'reset' }],
      [/^\/users\/@me$/, { kind: 'rate_limited', retryAfterMs: 1_000 }],
    ] as const)('do not begin if Discord fails at %s with %j', async (path, fault) => {
      discord.login.visitor = discord.state.addUser().id;
      discord.faults.add(fault, { path });
      const browser = new Browser(query.url, PUBLIC_URL);
      expect(await browser.logInWithDiscord()).toBe(`${PUBLIC_URL}/login?error=discord`);
      expect(await browser.logInWithDiscord()).toBe(`${PUBLIC_URL}/`);
    });

    it('lose the rights within five minutes after the user has lost them', async () => {
      const { browser, userId, guildId } = await loggedInMember();
      const status = () => statusOf(browser, `${MODULE}/status?guild_id=${guildId}`);
      expect(await status()).toBe(200);
      discord.login.join(userId, guildId, []);
      clock.advance(5 * MINUTE_MS);
      expect(await status()).toBe(403);
    });

    it('keep the rights for five minutes while Discord does not answer, and no longer', async () => {
      const { browser, guildId } = await loggedInMember();
      const status = () => statusOf(browser, `${MODULE}/status?guild_id=${guildId}`);
      expect(await status()).toBe(200);
      discord.faults.add({ kind: 'status', status: 503 }, { path: /@me/, times: Infinity });
      clock.advance(4.5 * MINUTE_MS);
      expect(await status()).toBe(200);
      clock.advance(MINUTE_MS);
      const answer = await browser.call('GET', `${MODULE}/status?guild_id=${guildId}`);
      expect(answer).toMatchObject({ status: 502, error: { name: 'DiscordApiInteractionError' } });
      const asked = discord.requests.length;
      expect(await status()).toBe(502);
      expect(discord.requests).toHaveLength(asked);
      discord.faults.clear();
      clock.advance(MINUTE_MS);
      expect(await status()).toBe(200);
    });

    it('have no rights once the user has removed the application', async () => {
      const { browser, guildId } = await loggedInMember();
      discord.login.forgetTokens();
      expect(await statusOf(browser, `${MODULE}/status?guild_id=${guildId}`)).toBe(401);
    });

    it('end with a logout, and Discord forgets the token', async () => {
      discord.login.forgetTokens();
      const { browser } = await loggedInMember();
      expect(discord.login.tokenCount).toBe(1);
      await browser.call('POST', '/auth/logout');
      await waitFor(() => discord.login.tokenCount === 0, { what: 'the end of the token' });
    });

    it('are stored without the user or the token', async () => {
      await database.query('DELETE FROM browser_sessions');
      const { browser, userId } = await loggedInMember();
      const [row] = await database.query<{ text: string }>(
        `SELECT to_jsonb(s)::text || encode(s.sealed_login, 'escape') AS text FROM browser_sessions s`,
      );
      expect(row!.text).not.toContain(userId);
      expect(row!.text).not.toContain(browser.cookies.get('serverstats_session'));
      expect(JSON.stringify(query.log)).not.toContain(browser.cookies.get('serverstats_session'));
    });

    it('end with the token, if Discord gives it for a shorter time', async () => {
      discord.login.tokenSeconds = 3_600;
      await database.query('DELETE FROM browser_sessions');
      await loggedInMember();
      discord.login.tokenSeconds = 604_800;
      const [{ seconds } = { seconds: 0 }] = await database.query<{ seconds: number }>(
        `SELECT extract(epoch FROM expires_at - created_at)::int AS seconds FROM browser_sessions`,
      );
      expect(Math.abs(seconds - 3_600)).toBeLessThan(60);
    });

    it('are not offered without client id and secret', async () => {
      const without = await startQuery({ DISCORD_CLIENT_ID: '', DISCORD_CLIENT_SECRET: '' });
      try {
        const answer = await new Browser(without.url).call('GET', '/auth/login');
        expect(answer).toMatchObject({ status: 404, error: { message: 'Login with Discord is not configured' } });
        expect((await new Browser(without.url).call('GET', '/auth/callback?code=x&state=y')).status).toBe(404);
      } finally {
        await without.close();
      }
    });
  });

  describe('of the service key', () => {
    it('list the guilds with settings, with the names that Discord tells', async () => {
      const { id: named } = discord.state.addGuild({ name: 'Named' });
      await query.client.send('POST', 'enable', { guild_id: named });
      const browser = await loggedInWith(SERVICE_KEY);
      const { data } = await browser.call<Caller>('GET', '/auth/me');
      expect(data.principal).toBe('service');
      expect(data.guilds).toContainEqual({ id: named, name: 'Named', icon: null, enabled: true });
    });
  });

  describe('the directory', () => {
    it('names the guild, its channels and its roles', async () => {
      const { browser, guildId } = await loggedInMember();
      const category = discord.state.addChannel({ guildId, type: 4, name: 'Counters' });
      const channel = discord.state.addChannel({ guildId, name: 'general', parentId: category.id });
      const role = discord.state.addRole({ guildId, name: 'Staff', color: 0xff8800, position: 9 });
      const { data } = await browser.call<{ guild: unknown; channels: unknown[]; roles: unknown[] }>(
        'GET',
        `/directory?guild_id=${guildId}`,
      );
      expect(data.guild).toEqual({ id: guildId, name: 'Owls', icon: null });
      expect(data.channels).toEqual([
        { id: category.id, name: 'Counters', type: 4, parent_id: null },
        { id: channel.id, name: 'general', type: 0, parent_id: category.id },
      ]);
      expect(data.roles[0]).toEqual({ id: role.id, name: 'Staff', color: 0xff8800 });
    });

    it('names users, also those who have left, and asks Discord once for each', async () => {
      const { browser, guildId } = await loggedInMember();
      const [member, left] = ['Apollo', 'Diana'].map((globalName) => discord.state.addUser({ globalName }));
      discord.state.addMember({ guildId, userId: member!.id });
      const unknown = discord.state.newId();
      const ask = () =>
        browser.call('GET', `/directory/users?guild_id=${guildId}&ids=${member!.id},${left!.id},${unknown}`);
      expect((await ask()).data).toEqual([
        { id: member!.id, name: 'Apollo', avatar: null },
        { id: left!.id, name: 'Diana', avatar: null },
        { id: unknown, name: null, avatar: null },
      ]);
      discord.requests.splice(0);
      await ask();
      expect(discord.requests.filter(({ path }) => !path.includes(unknown))).toEqual([]);
      const tooMany = Array.from({ length: 101 }, () => member!.id).join(',');
      for (const ids of ['', 'x', `${member!.id},`, tooMany]) {
        expect(await statusOf(browser, `/directory/users?guild_id=${guildId}&ids=${ids}`)).toBe(400);
      }
    });

    it('has no names without a token, and while Discord refuses', async () => {
      const { id: guildId } = discord.state.addGuild();
      const nameless = { guild: { id: guildId, name: null, icon: null }, channels: [], roles: [] };
      const read = (of: QueryInProcess) => of.client.request(`/directory?guild_id=${guildId}`);
      const comeBack = discord.state.kickBot(guildId);
      expect((await read(query)).data).toEqual(nameless);
      comeBack();
      expect((await read(query)).data).toMatchObject({ guild: { name: 'Made up' } });
      const without = await startQuery({ DISCORD_TOKEN: '' });
      try {
        expect((await read(without)).data).toEqual(nameless);
        const users = await without.client.request(`/directory/users?guild_id=${guildId}&ids=${guildId}`);
        expect(users.data).toEqual([{ id: guildId, name: null, avatar: null }]);
      } finally {
        await without.close();
      }
    });
  });
});
