import { randomUUID } from 'node:crypto';
import type { Answer } from '../harness/api-client.js';
import { SERVICE_KEY } from '../harness/services.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { DocumentedApi, type DocumentedRoute } from './documented-api.js';
import { rightValue } from './field-values.js';
import { DiscordDouble } from '../doubles/discord/index.js';
import { Browser } from '../harness/browser.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { rightBody, rightSearch } from './right-requests.js';

const MODULE = '/modules/serverstats';
const GUILD = JSON.parse(rightValue({ name: 'guild_id', required: true, schema: { pattern: '' } })) as string;
/** The member in the requests. All ids in them are the same. */
const MEMBER = GUILD;
const OTHER_GUILD = '9007199254740995';
const PUBLIC_URL = 'https://stats.example.org';
const APPLICATION = { clientId: '175928847299117063', clientSecret: 'made-up-client-secret' };

type Access = 'open' | 'any' | 'guild' | 'manager' | 'managed_key' | 'own' | 'service';

/** Who may call each route by the API contract, and the status for allowed callers if everything is on. */
const ROUTES: Record<string, { access: Access; status: number }> = {
  'GET /livez': { access: 'open', status: 200 },
  'GET /readyz': { access: 'open', status: 200 },
  [`GET ${MODULE}`]: { access: 'open', status: 200 },
  'GET /metrics': { access: 'service', status: 200 },
  'GET /auth/api-keys': { access: 'manager', status: 200 },
  'POST /auth/api-keys': { access: 'manager', status: 201 },
  'DELETE /auth/api-keys/{id}': { access: 'managed_key', status: 404 },
  'POST /auth/session': { access: 'open', status: 401 },
  'GET /auth/login': { access: 'open', status: 302 },
  'GET /auth/callback': { access: 'open', status: 302 },
  'POST /auth/logout': { access: 'any', status: 200 },
  'GET /auth/me': { access: 'any', status: 200 },
  'GET /directory': { access: 'guild', status: 200 },
  'GET /directory/users': { access: 'guild', status: 200 },
  [`GET ${MODULE}/status`]: { access: 'guild', status: 200 },
  [`POST ${MODULE}/enable`]: { access: 'guild', status: 409 },
  [`POST ${MODULE}/disable`]: { access: 'guild', status: 200 },
  [`GET ${MODULE}/settings`]: { access: 'guild', status: 200 },
  [`PUT ${MODULE}/settings`]: { access: 'guild', status: 200 },
  [`PATCH ${MODULE}/settings`]: { access: 'guild', status: 200 },
  [`DELETE ${MODULE}/settings/delete`]: { access: 'manager', status: 200 },
  [`GET ${MODULE}/privacy/get-user-entries`]: { access: 'own', status: 200 },
  [`DELETE ${MODULE}/privacy/delete-user-entries`]: { access: 'own', status: 200 },
  [`GET ${MODULE}/privacy/export`]: { access: 'own', status: 200 },
  [`POST ${MODULE}/starboard/add`]: { access: 'service', status: 202 },
  [`POST ${MODULE}/starboard/remove`]: { access: 'service', status: 202 },
  [`POST ${MODULE}/stats/counter-panel/check-deleted-channel`]: { access: 'service', status: 202 },
  [`POST ${MODULE}/stats/counter-panel/update`]: { access: 'service', status: 202 },
  [`GET ${MODULE}/counters`]: { access: 'guild', status: 200 },
  // The counter panel is off in this guild.
  [`POST ${MODULE}/counters`]: { access: 'guild', status: 400 },
  [`PATCH ${MODULE}/counters/{channel_id}`]: { access: 'guild', status: 404 },
  [`DELETE ${MODULE}/counters/{channel_id}`]: { access: 'guild', status: 404 },
  [`GET ${MODULE}/stats/overview`]: { access: 'guild', status: 200 },
  [`GET ${MODULE}/stats/kinds`]: { access: 'any', status: 200 },
  [`GET ${MODULE}/stats/collection`]: { access: 'guild', status: 200 },
  [`GET ${MODULE}/stats/gauges`]: { access: 'guild', status: 200 },
  ...statisticRoutes('command', 'check', ''),
  ...statisticRoutes('message', 'check', ''),
  ...statisticRoutes('functions/reminders', 'created'),
  ...statisticRoutes('functions/reminders', 'deleted'),
  ...statisticRoutes('functions/giveaways', 'responders'),
  ...statisticRoutes('functions/giveaways', 'created'),
  ...statisticRoutes('functions/giveaways', 'deleted'),
  ...statisticRoutes('modules/tempchannels', 'created'),
  ...statisticRoutes('modules/tempchannels', 'creation-time'),
  ...statisticRoutes('modules/tempchannels', 'deletion-time'),
  ...statisticRoutes('modules/reactionroles', 'check-time'),
  ...statisticRoutes('modules/tags', 'send-time'),
  ...statisticRoutes('modules/autoresponder', 'response-time'),
  ...statisticRoutes('members', 'joined'),
  ...statisticRoutes('members', 'left'),
  ...statisticRoutes('messages', 'deleted'),
};

function statisticRoutes(folder: string, record: string, read = `/${record}`): typeof ROUTES {
  const path = `${MODULE}/stats/${folder}`;
  return {
    [`POST ${path}/${record}`]: { access: 'guild', status: 202 },
    [`GET ${path}${read}/view`]: { access: 'guild', status: 200 },
    [`GET ${path}${read}/summary`]: { access: 'guild', status: 200 },
  };
}

const OPEN: readonly Access[] = ['open'];
const OF_GUILD: readonly Access[] = ['open', 'any', 'guild'];

/** The callers, and what each may call in GUILD about MEMBER. */
const CALLERS = {
  none: { may: OPEN, otherwise: 401 },
  garbage: { may: OPEN, otherwise: 401 },
  'looks like a key': { may: OPEN, otherwise: 401 },
  revoked: { may: OPEN, otherwise: 401 },
  'guild read key': { may: OF_GUILD, reads: true, otherwise: 403 },
  'guild write key': { may: OF_GUILD, otherwise: 403 },
  "other guild's key": { may: ['open', 'any'], otherwise: 403 },
  'session of a guild read key': { may: OF_GUILD, reads: true, otherwise: 403 },
  'member who manages the guild': { may: [...OF_GUILD, 'manager', 'managed_key', 'own'], otherwise: 403 },
  'another member, without rights in the guild': { may: ['open', 'any', 'managed_key'], otherwise: 403 },
  service: { may: [...OF_GUILD, 'manager', 'managed_key', 'own', 'service'], otherwise: 0 },
} as const satisfies Record<string, { may: readonly Access[]; reads?: true; otherwise: number }>;

type Caller = keyof typeof CALLERS;
/** A key, or the browser of a session. */
type Credential = string | Browser | undefined;

describe('access to the routes', () => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let api: DocumentedApi;
  let discord: DiscordDouble;
  const credentials = {} as Record<Caller, Credential>;

  beforeAll(async () => {
    database = await createTestDatabase();
    discord = await DiscordDouble.start();
    discord.login.application = { ...APPLICATION, redirectUrl: `${PUBLIC_URL}/auth/callback` };
    query = await startQueryInProcess(database.url, {
      RATE_LIMIT_PER_MINUTE: '0',
      DISCORD_API_URL: discord.url,
      DISCORD_CLIENT_ID: APPLICATION.clientId,
      DISCORD_CLIENT_SECRET: APPLICATION.clientSecret,
      PUBLIC_URL,
    });
    api = await DocumentedApi.of(query.url);
    const revoked = await makeKey(GUILD);
    await query.client.request(`/auth/api-keys/${revoked.id}`, { method: 'DELETE' });
    Object.assign(credentials, {
      garbage: 'garbage',
      'looks like a key': `serverstats_${'A'.repeat(43)}`,
      revoked: revoked.key,
      'guild read key': (await makeKey(GUILD, 'read')).key,
      'guild write key': (await makeKey(GUILD)).key,
      "other guild's key": (await makeKey(OTHER_GUILD)).key,
      service: SERVICE_KEY,
    });
  });
  afterAll(async () => {
    await query?.close();
    await discord?.close();
    await database?.release();
  });

  /** The callers with a session, which each log in when they need one. */
  const logins: Partial<Record<Caller, () => Promise<Browser>>> = {
    'session of a guild read key': async () => loggedInWith((await makeKey(GUILD, 'read')).key),
    'member who manages the guild': () => loggedInMember(MEMBER, GUILD),
    'another member, without rights in the guild': () => loggedInMember(OTHER_GUILD, OTHER_GUILD),
  };

  const loggedInWith = async (key: string) => {
    const browser = new Browser(query.url);
    await browser.call('POST', '/auth/session', { key });
    return browser;
  };

  /** A member who manages this guild and no other. */
  const loggedInMember = async (userId: string, guildId: string) => {
    discord.state.addUser({ id: userId });
    discord.state.addGuild({ id: guildId });
    discord.login.join(userId, guildId, ['ManageGuild']);
    discord.login.visitor = userId;
    const browser = new Browser(query.url, PUBLIC_URL);
    await browser.logInWithDiscord();
    return browser;
  };

  const makeKey = async (guildId: string, access?: string) => {
    const { data } = await query.client.request<{ id: string; key: string }>('/auth/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ guild_id: guildId, name: 'test', access }),
    });
    return data;
  };

  /** Enables the guild with everything on, and deletes the keys that earlier calls created. */
  const openGuild = async () => {
    await database.query(`DELETE FROM api_keys WHERE name = 'a'`);
    const open = await database.query(
      `SELECT FROM guild_settings WHERE guild_id = $1 AND enabled AND starboard_enabled`,
      [GUILD],
    );
    if (open.length > 0) return;
    await query.client.send('DELETE', `settings/delete?guild_id=${GUILD}`);
    await query.client.openGuild(GUILD, { starboard_enabled: true, starboard_channel: '1', starboard_count: 1 });
  };

  const call = (route: DocumentedRoute, credential: Credential): Promise<Answer> => {
    const { method } = route;
    const search = rightSearch(route);
    const path =
      route.path.replace('{id}', randomUUID()).replace('{channel_id}', '1') + (search === '' ? '' : `?${search}`);
    const takesBody = route.body !== undefined && method !== 'DELETE';
    const headers: Record<string, string> = takesBody ? { 'content-type': 'application/json' } : {};
    return callAs(credential, path, { method, headers, body: takesBody ? rightBody(route) : undefined });
  };

  /** Does not use the client, which always sends the service key. */
  const callAs = async (credential: Credential, path: string, init: RequestInit): Promise<Answer> => {
    const response = await send(credential, path, { redirect: 'manual', ...init });
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    const envelope = isJson ? ((await response.json()) as object) : { success: true, error: {} };
    return { ...envelope, status: response.status, headers: response.headers } as Answer;
  };

  const send = (credential: Credential, path: string, init: RequestInit): Promise<Response> => {
    if (credential instanceof Browser) {
      const csrf = { 'x-csrf-token': credential.cookies.get('serverstats_csrf')! };
      return credential.open(path, { ...init, headers: { ...(init.headers as object), ...csrf } });
    }
    const headers = { ...(init.headers as object), ...(credential && { authorization: `Bearer ${credential}` }) };
    return fetch(query.url + path, { ...init, headers });
  };

  const nameOf = ({ method, path }: DocumentedRoute) => `${method} ${path}`;

  it('is specified in this test for every route, and for no other', () => {
    expect(api.routes().map(nameOf).toSorted()).toEqual(Object.keys(ROUTES).toSorted());
  });

  it.each(Object.keys(CALLERS) as Caller[])('is as specified for the credential: %s', async (caller) => {
    const { may, otherwise, reads } = CALLERS[caller] as { may: readonly Access[]; otherwise: number; reads?: true };
    const isAllowed = (access: Access, method: string) =>
      may.includes(access) && (reads === undefined || access !== 'guild' || method === 'GET');
    let credential = (await logins[caller]?.()) ?? credentials[caller];
    const answered: Record<string, [status: number, code: number | undefined]> = {};
    const expected: typeof answered = {};
    for (const route of api.routes()) {
      await openGuild();
      const name = nameOf(route);
      const { status, error } = await call(route, credential);
      if (name === 'POST /auth/logout') credential = (await logins[caller]?.()) ?? credential;
      const allowed = isAllowed(ROUTES[name]!.access, route.method) ? ROUTES[name]!.status : otherwise;
      answered[name] = [status, error?.code];
      expected[name] = [allowed, errorCodeOf(allowed)];
    }
    expect(answered).toEqual(expected);
  });

  /** The error code that goes with a status, for the statuses in this test. */
  const errorCodeOf = (status: number) => (status < 400 ? undefined : status === 409 ? 801 : status);

  it('is refused in the same way for a guild that does not exist', async () => {
    const { method, headers } = { method: 'GET', headers: {} };
    const ofGuild = (guildId: string) =>
      callAs(credentials["other guild's key"], `${MODULE}/settings?guild_id=${guildId}`, { method, headers });
    await openGuild();
    const existing = await ofGuild(GUILD);
    const missing = await ofGuild('9007199254749999');
    expect(existing).toMatchObject({ status: 403, success: false, data: {} });
    expect([missing.status, missing.error]).toEqual([existing.status, existing.error]);
  });

  it('is checked after the credential and guild_id, and before the other fields and the state of the guild', async () => {
    const settings = `${MODULE}/settings`;
    const get = (credential: Credential, search: string) =>
      callAs(credential, `${settings}?${search}`, { method: 'GET' });
    await query.client.send('DELETE', `settings/delete?guild_id=${GUILD}`);
    expect((await get('garbage', 'guild_id=x')).status).toBe(401);
    expect((await get(credentials['guild read key'], 'guild_id=x')).status).toBe(400);
    expect((await get(credentials["other guild's key"], `guild_id=${GUILD}`)).status).toBe(403);
    expect((await get(credentials['guild read key'], `guild_id=${GUILD}`)).status).toBe(409);
    for (const wrong of ['unknown=1', 'unknown=%zz', 'unknown=1&unknown=1']) {
      const search = `guild_id=${GUILD}&${wrong}`;
      expect((await get(credentials["other guild's key"], search)).status).toBe(403);
      expect((await get(credentials['guild read key'], search)).status).toBe(400);
    }
    const erase = (body: object) =>
      callAs(credentials['guild write key'], `${settings}/delete`, {
        method: 'DELETE',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await erase({ guild_id: 0 })).status).toBe(400);
    expect((await erase({ guild_id: GUILD })).status).toBe(403);
    expect((await erase({ guild_id: GUILD, unknown: 1 })).status).toBe(403);
  });

  it('is checked by the ids that it depends on, and the error names those that are invalid', async () => {
    const ask = (credential: Credential, method: string, path: string, body?: string) =>
      callAs(credential, MODULE + path, { method, body, headers: body ? { 'content-type': 'application/json' } : {} });
    const put = (credential: Credential, guildId: string) =>
      ask(credential, 'PUT', '/settings', `{"guild_id":${guildId},"starboard_count":"x"}`);
    const wrong = await put(credentials['guild write key'], '0');
    expect([wrong.status, wrong.error.fields?.map(({ field }) => field)]).toEqual([400, ['guild_id']]);
    expect((await put(credentials["other guild's key"], `"${GUILD}"`)).status).toBe(403);
    // The access of the service key depends on no field, so its error names every invalid field at once.
    const { error } = await put(credentials.service, '0');
    expect(error.fields?.map(({ field }) => field)).toEqual(expect.arrayContaining(['guild_id', 'starboard_count']));
    const member = await ask(credentials['guild read key'], 'GET', '/privacy/get-user-entries?guild_id=x');
    expect(member.error.fields?.map(({ field }) => field)).toEqual(['guild_id', 'privacy_member_id']);
    const record = await ask(
      credentials["other guild's key"],
      'POST',
      '/stats/command/check',
      `{"guild_id":"${GUILD}"}`,
    );
    expect(record.status).toBe(403);
  });

  it('is the same under /v1, and for HEAD as for GET', async () => {
    await openGuild();
    const path = `${MODULE}/settings?guild_id=${GUILD}`;
    const statuses = async (credential: Credential) => [
      (await callAs(credential, `/v1${path}`, { method: 'GET' })).status,
      (await send(credential, path, { method: 'HEAD' })).status,
    ];
    expect(await statuses(credentials['guild read key'])).toEqual([200, 200]);
    expect(await statuses(credentials["other guild's key"])).toEqual([403, 403]);
    expect(await statuses(credentials.revoked)).toEqual([401, 401]);
    const keys = `/v1/auth/api-keys?guild_id=${GUILD}`;
    expect((await callAs(SERVICE_KEY, keys, { method: 'GET' })).status).toBe(200);
  });
});
