import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fieldIn, fieldsOf, hasUser, StatisticsContract, type FieldColumn } from '#libs/contracts';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { allSettings } from '../harness/all-settings.js';
import { DocumentedApi } from './documented-api.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { storeEvents } from './stored-events.js';

const MODULE = '/modules/serverstats';
const MEMBER = '9007199254740995';
const CHANNEL = '9007199254740997';

interface OriginalRoute {
  method: string;
  path: string;
  /** Fields besides guild_id. */
  fields?: Record<string, unknown>;
  status: number;
  data: unknown;
}

const accepted = { event_id: expect.stringMatching(/^[0-9a-f-]{36}$/), accepted: true };
const contract = new StatisticsContract();

const DAY_MS = 86_400_000;

/** Valid values for the fields of every kind. */
const EVENT_FIELDS = {
  user_id: MEMBER,
  channel_id: CHANNEL,
  message_id: String((BigInt(Date.now()) - 1_420_070_400_000n) << 22n),
  label: 'ping',
  actor_id: MEMBER,
  value: 12.5,
  occurred_at: new Date(Date.now() - 60_000).toISOString(),
  since: new Date(Date.now() - 40 * DAY_MS).toISOString(),
  is_bot: true,
};

const statisticRoutes = contract.kinds.flatMap(({ definition }): OriginalRoute[] => {
  const fields = Object.fromEntries(
    fieldsOf(definition).map(({ name, column, words = [EVENT_FIELDS[column]] }) => [name, words[0]]),
  );
  const record = {
    id: expect.any(String),
    guild_id: expect.any(String),
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    ...(hasUser(definition) && { user_id: MEMBER }),
    ...fields,
  };
  return [
    { method: 'POST', path: `/${definition.recordPath}`, fields, status: 202, data: accepted },
    { method: 'GET', path: `/${definition.viewPath}`, status: 200, data: [record] },
  ];
});

/** One record of each kind with a user. */
const OF_MEMBER = contract.kinds.filter(({ definition }) => hasUser(definition)).length;

/** Every route of the original document, in an order that works for a single guild. */
const ROUTES: OriginalRoute[] = [
  { method: 'GET', path: '/', status: 200, data: { message: expect.stringContaining('Serverstats') } },
  { method: 'POST', path: '/enable', status: 200, data: { guild_id: expect.any(String), enabled: true } },
  { method: 'GET', path: '/status', status: 200, data: { guild_id: expect.any(String), enabled: true } },
  {
    method: 'PUT',
    path: '/settings',
    fields: {
      ...Object.fromEntries(
        Object.entries(allSettings('1'))
          .filter(([name]) => name !== 'guild_id')
          .map(([name, value]) => [name, name.startsWith('stats_') ? true : value]),
      ),
      starboard_enabled: true,
      starboard_channel: CHANNEL,
      starboard_count: 3,
    },
    status: 200,
    data: expect.objectContaining({ starboard_channel: CHANNEL, stats_command_usage: true }),
  },
  { method: 'GET', path: '/settings', status: 200, data: expect.objectContaining({ starboard_count: 3 }) },
  ...statisticRoutes,
  {
    method: 'POST',
    path: '/starboard/add',
    fields: { channel_id: CHANNEL, message_id: '4' },
    status: 202,
    data: accepted,
  },
  {
    method: 'POST',
    path: '/starboard/remove',
    fields: { channel_id: CHANNEL, message_id: '4' },
    status: 202,
    data: accepted,
  },
  {
    method: 'POST',
    path: '/stats/counter-panel/check-deleted-channel',
    fields: { channel_id: CHANNEL },
    status: 202,
    data: accepted,
  },
  { method: 'POST', path: '/stats/counter-panel/update', status: 202, data: accepted },
  {
    method: 'GET',
    path: '/privacy/get-user-entries',
    fields: { privacy_member_id: MEMBER },
    status: 200,
    data: {
      total: OF_MEMBER,
      statistics: expect.objectContaining({ 'message.sent': 1, 'tag.send_timed': 0 }),
      starboard: 0,
    },
  },
  {
    method: 'DELETE',
    path: '/privacy/delete-user-entries',
    fields: { privacy_member_id: MEMBER },
    status: 200,
    data: {
      total: OF_MEMBER,
      statistics: expect.objectContaining({ 'message.sent': 1, 'tag.send_timed': 0 }),
      starboard: 0,
    },
  },
  { method: 'POST', path: '/disable', status: 200, data: { guild_id: expect.any(String), enabled: false } },
  { method: 'DELETE', path: '/settings/delete', status: 200, data: { guild_id: expect.any(String), deleted: true } },
];

/** Routes that do not need an enabled guild. */
const STATELESS = /^\/(?:|status|enable|settings\/delete|privacy\/.*|stats\/counter-panel\/update)$/;

describe.each(['', '/v1'])('the original routes under the prefix "%s"', (prefix) => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let api: DocumentedApi;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
    api = await DocumentedApi.of(query.url);
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  const call = (route: OriginalRoute, fields: Record<string, unknown>, init: RequestInit = {}) => {
    const { method, path } = route;
    const url = `${prefix}${MODULE}${path}`;
    if (method !== 'GET') {
      const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string>) };
      return query.client.request(url, { ...init, method, body: JSON.stringify(fields), headers });
    }
    const search = new URLSearchParams(fields as Record<string, string>);
    return query.client.request(`${url}?${search}`, init);
  };
  /** The path in the document: without the version prefix and without a trailing slash. */
  const documented = (route: OriginalRoute) => (MODULE + route.path).replace(/\/$/, '');

  it('are 39 in number, and two more for each kind of statistic that was added', () => {
    expect(ROUTES).toHaveLength(39 + 2 * (contract.kinds.length - 13));
  });

  it('answer as documented', async () => {
    const guildId = newGuildId();
    const occurredAt = EVENT_FIELDS.occurred_at;
    const lengthMs = Date.parse(occurredAt) - Date.parse(EVENT_FIELDS.since);
    await storeEvents(
      database,
      contract.kinds.map(({ number, definition }) => {
        const has = (column: FieldColumn) => fieldIn(definition, column) !== undefined;
        const { words = [EVENT_FIELDS.label] } = fieldsOf(definition).find(({ column }) => column === 'label') ?? {};
        return {
          guildId,
          kind: number,
          occurredAt,
          eventId: randomUUID(),
          userId: hasUser(definition) ? MEMBER : undefined,
          actorId: has('actor_id') ? EVENT_FIELDS.actor_id : undefined,
          channelId: has('channel_id') ? CHANNEL : undefined,
          messageId: has('message_id') ? EVENT_FIELDS.message_id : undefined,
          label: has('label') ? words[0] : undefined,
          value: has('value') ? EVENT_FIELDS.value * 1000 : has('since') ? lengthMs * 1000 : undefined,
          flags: has('is_bot') ? 1 : 0,
        };
      }),
    );
    for (const route of ROUTES) {
      const answer = await call(route, { guild_id: guildId, ...route.fields });
      expect({ path: route.path, status: answer.status, success: answer.success, data: answer.data }).toEqual({
        path: route.path,
        status: route.status,
        success: true,
        data: route.data,
      });
      expect(api.mistakesOf(route.method, documented(route), answer)).toBeUndefined();
    }
    expect(query.handover.events.map(({ name }) => name)).toEqual([
      ...contract.kinds.map(({ name }) => name),
      'star.added',
      'star.removed',
      'channel.deleted',
      'counter_panel.refresh',
    ]);
  });

  it('answer UnauthorizedError without a credential, before anything else', async () => {
    for (const route of ROUTES.filter(({ path }) => path !== '/')) {
      for (const authorization of ['', 'Bearer', 'Bearer wrong', 'Basic dGVzdA==']) {
        const answer = await call(route, { guild_id: 'wrong' }, { headers: { authorization } });
        expect([route.path, answer.status, answer.error.name]).toEqual([route.path, 401, 'UnauthorizedError']);
        expect(api.mistakesOf(route.method, documented(route), answer)).toBeUndefined();
      }
    }
  });

  it('answer BadRequestError for an invalid guild_id, and name it', async () => {
    for (const route of ROUTES.filter(({ path }) => path !== '/')) {
      const answer = await call(route, { ...route.fields, guild_id: '9223372036854775808' });
      expect([route.path, answer.status, answer.error.fields?.map(({ field }) => field)]).toEqual([
        route.path,
        400,
        ['guild_id'],
      ]);
      expect(api.mistakesOf(route.method, documented(route), answer)).toBeUndefined();
    }
  });

  it('answer ModuleDisabledError for an unknown guild', async () => {
    for (const route of ROUTES.filter(({ path }) => !STATELESS.test(path))) {
      const answer = await call(route, { guild_id: newGuildId(), ...route.fields });
      expect([route.path, answer.status, answer.error.code]).toEqual([route.path, 409, 800]);
      expect(api.mistakesOf(route.method, documented(route), answer)).toBeUndefined();
    }
  });
});

/** Its POST is a route of the original document already, with another name of the field. */
const BUILT_IN_PATH = 'stats/modules/reactionroles/check-time';

describe("the routes of Husqy's API 2.3, with presets/husqy-v2.json", () => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let preset: {
    switches: Record<string, object>;
    kinds: Record<string, { record_path: string; view_path: string; fields: Record<string, FieldColumn> }>;
  };

  beforeAll(async () => {
    preset = JSON.parse(await readFile('presets/husqy-v2.json', 'utf8')) as typeof preset;
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url, { STATISTICS_FILE: 'presets/husqy-v2.json' });
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  it('are 54 paths of 13 modules, with one path for POST and GET', () => {
    const kinds = Object.values(preset.kinds);
    const paths = [BUILT_IN_PATH, ...kinds.map(({ record_path }) => record_path)];
    expect(new Set(paths).size).toBe(54);
    expect(new Set(paths.map((path) => /^stats\/modules\/([^/]+)\//.exec(path)![1])).size).toBe(13);
    expect(kinds.filter(({ record_path, view_path }) => record_path !== view_path)).toEqual([]);
  });

  it('answer, and are described under unique names', async () => {
    const guild_id = newGuildId();
    const switches = Object.keys(preset.switches).map((name) => [name, true]);
    await query.client.openGuild(guild_id, Object.fromEntries(switches) as Record<string, true>);
    const answered: Record<string, number[]> = {};
    for (const { record_path: path, fields } of Object.values(preset.kinds)) {
      const event = Object.entries(fields).map(([field, column]) => [field, EVENT_FIELDS[column]]);
      const posted = await query.client.send('POST', path, { guild_id, ...Object.fromEntries(event) });
      const listed = await query.client.get(path, { guild_id });
      const summarized = await query.client.get(`${path}/summary`, { guild_id });
      answered[path] = [posted.status, listed.status, summarized.status];
    }
    expect(new Set(Object.values(answered).map(String))).toEqual(new Set(['202,200,200']));
    expect(query.handover.events.map(({ name }) => name)).toEqual(Object.keys(preset.kinds));
    const builtIn = await query.client.send('POST', BUILT_IN_PATH, { guild_id, check_time_delay: 1 });
    expect(builtIn.status).toBe(202);
    const document = (await (await fetch(`${query.url}/openapi.json`)).text()).match(/"operationId":"\w+"/g)!;
    expect(new Set(document).size).toBe(document.length);
  });
});
