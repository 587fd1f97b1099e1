import { randomUUID } from 'node:crypto';
import { CATALOGUE, filtersOf, groupingsOf, isTimed, mayLackMeasure, type BuiltInKind } from '#libs/contracts';
import type { ApiClient } from '../harness/api-client.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { storeEvents, type StoredEvent } from './stored-events.js';

const KINDS = Object.entries(CATALOGUE) as [string, BuiltInKind][];
const DAY_MS = 86_400_000;
const NOON = Math.floor(Date.now() / DAY_MS) * DAY_MS - 3 * DAY_MS + DAY_MS / 2;

const NEARLY_HALF: unknown = expect.closeTo(0.5, 2);

interface Summary {
  from: string;
  to: string;
  total: number;
  previous_total: number | null;
  stats?: unknown;
  series: { bucket: string; count: number; stats?: unknown }[];
  groups: { key: string | null; count: number }[];
}

interface Overview {
  from: string;
  to: string;
  kinds: { kind: string; enabled: boolean; total: number; previous_total: number | null }[];
}

describe('summaries', () => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let client: ApiClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
    client = query.client;
  });
  afterAll(async () => {
    await query.close();
    await database.release();
  });

  const openGuild = async (changes: Record<string, unknown> = {}) => {
    const guildId = newGuildId();
    await client.openGuild(guildId, changes);
    return guildId;
  };
  const store = (guildId: string, kind: BuiltInKind, events: (Partial<StoredEvent> & { ms: number })[]) =>
    storeEvents(
      database,
      events.map(({ ms, ...event }) => ({
        guildId,
        kind: kind.number,
        occurredAt: new Date(ms).toISOString(),
        eventId: randomUUID(),
        ...event,
      })),
    );
  const summary = async (path: string, parameters: Record<string, string | number>) => {
    const answer = await client.get<Summary>(path, parameters);
    expect(answer.error).toEqual({});
    return answer.data;
  };

  describe.each(KINDS)('%s', (_, kind) => {
    const path = kind.viewPath.replace(/view$/, 'summary');
    /** Only kinds whose events may lack the measure say how many have it. */
    const countOf = (count: number) => (mayLackMeasure(kind) ? { count } : {});

    it('should count the records of every local day in the window, including days without records', async () => {
      const guild_id = await openGuild();
      await store(guild_id, kind, [
        { ms: NOON, value: 1500 },
        { ms: NOON, value: 500 },
        { ms: NOON - DAY_MS, value: 0 },
      ]);
      const from = new Date(NOON - 2 * DAY_MS).toISOString();
      const to = new Date(NOON + DAY_MS).toISOString();
      const data = await summary(path, { guild_id, from, to });
      expect(data).toMatchObject({ from, to, total: 3, previous_total: 0, groups: [] });
      expect(data.series.map(({ count }) => count)).toEqual([0, 1, 2, 0]);
      const midnight = NOON - DAY_MS / 2;
      expect(data.series.map(({ bucket }) => Date.parse(bucket))).toEqual(
        [-2, -1, 0, 1].map((n) => midnight + n * DAY_MS),
      );
      expect([data.stats, data.series[0]!.stats, data.series[1]!.stats]).toEqual(
        isTimed(kind)
          ? [
              { avg: 2 / 3, min: 0, max: 1.5, p50: NEARLY_HALF, p95: 1.5, p99: 1.5, ...countOf(3) },
              null,
              { avg: 0, min: 0, max: 0, p50: 0, p95: 0, p99: 0, ...countOf(1) },
            ]
          : [undefined, undefined, undefined],
      );
    });

    it('should reject an invalid or unsupported parameter, and name it', async () => {
      const guild_id = await openGuild();
      const wrong: [string, string][] = [
        ['interval', 'week'],
        ['interval', ''],
        ['timezone', 'Europe/Atlantis'],
        ['timezone', '+05:30'],
        ['timezone', ''],
        ['timezone', 'a'.repeat(5_000)],
        ['group_by', 'guild'],
        ['group_by', 'constructor'],
        ['top', '0'],
        ['top', '101'],
        ['days', '31'],
        ['from', 'yesterday'],
      ];
      for (const grouping of ['user', 'channel', 'command', 'giveaway']) {
        if (!groupingsOf(kind).has(grouping)) wrong.push(['group_by', grouping]);
      }
      for (const filter of ['user_id', 'channel_id'] as const) {
        if (!filtersOf(kind).includes(filter)) wrong.push([filter, '1']);
      }
      for (const [name, value] of wrong) {
        const answer = await client.get(path, { guild_id, [name]: value });
        expect([name, value, answer.status, answer.error.fields?.map(({ field }) => field)]).toEqual([
          name,
          value,
          400,
          [name],
        ]);
      }
    });
  });

  const messages = 'stats/message/summary';
  const { 'message.sent': message, 'command.used': command } = CATALOGUE;

  it('should return zero for a guild without records, and the last 30 days by default', async () => {
    const guild_id = await openGuild();
    const data = await summary(messages, { guild_id });
    expect(Date.parse(data.to) - Date.parse(data.from)).toBe(30 * DAY_MS);
    expect(data.total).toBe(0);
    expect(data.series).toHaveLength(31);
  });

  it.each([
    [{ days: '7', from: '2026-01-01T00:00:00Z' }, 'days'],
    [{ to: '2026-01-01T00:00:00Z' }, 'to'],
    [{ from: '2999-01-01T00:00:00Z' }, 'from'],
    [{ from: new Date(NOON - 40 * DAY_MS).toISOString(), to: new Date(NOON).toISOString() }, 'from'],
  ])('should reject the window %j, and name %s', async (window, field) => {
    const guild_id = await openGuild();
    for (const path of [messages, 'stats/overview', 'stats/collection']) {
      const answer = await client.get(path, { guild_id, ...window });
      expect(answer).toMatchObject({ status: 400, error: { fields: [{ field }] } });
    }
  });

  it('should group by the dimensions of the kind: largest count first, then by key, null last', async () => {
    const guild_id = await openGuild();
    await store(
      guild_id,
      message,
      [
        ['9', '100'],
        ['9', '20'],
        ['100', '20'],
        ['100', '20'],
        [undefined, '3'],
        [undefined, '3'],
        ['8', '100'],
      ].map(([userId, channelId], index) => ({ ms: NOON + index, userId, channelId })),
    );
    const byUser = await summary(messages, { guild_id, group_by: 'user' });
    expect(byUser.groups).toEqual([
      { key: '9', count: 2 },
      { key: '100', count: 2 },
      { key: null, count: 2 },
      { key: '8', count: 1 },
    ]);
    const byChannel = await summary(messages, { guild_id, group_by: 'channel', top: 2 });
    expect(byChannel.groups).toEqual([
      { key: '20', count: 3 },
      { key: '3', count: 2 },
    ]);
    const ofOne = await summary(messages, { guild_id, group_by: 'user', user_id: '9' });
    expect(ofOne).toMatchObject({ total: 2, groups: [{ key: '9', count: 2 }] });
    const inOne = await summary(messages, { guild_id, group_by: 'user', channel_id: '100' });
    expect(inOne.groups).toEqual([
      { key: '8', count: 1 },
      { key: '9', count: 1 },
    ]);
    expect((await summary(messages, { guild_id, user_id: '9', channel_id: '20' })).total).toBe(1);
    expect((await summary(messages, { guild_id, group_by: 'user', user_id: '77' })).groups).toEqual([]);
  });

  it('should accept a time zone whose plus sign the query string decodes as a space', async () => {
    const guild_id = await openGuild();
    const answer = await client.send<Summary>('GET', `${messages}?guild_id=${guild_id}&days=1&timezone=Etc/GMT+5`);
    expect(answer.data.series[0]!.bucket).toMatch(/T05:00:00.000Z$/);
  });

  it('should order texts by their code points', async () => {
    const guild_id = await openGuild();
    const labels = ['b', 'B', 'a', '\uffee', '🎉', 'ä', '_'];
    await store(
      guild_id,
      command,
      labels.map((label, index) => ({ ms: NOON + index, label })),
    );
    const { groups } = await summary('stats/command/summary', { guild_id, group_by: 'command' });
    expect(groups.map(({ key }) => key)).toEqual(['B', '_', 'a', 'b', 'ä', '\uffee', '🎉']);
  });

  it('should compare with the previous period', async () => {
    const guild_id = await openGuild();
    await store(
      guild_id,
      message,
      [0, 1, 40, 41, 42].map((days) => ({ ms: NOON - days * DAY_MS, userId: '5' })),
    );
    expect(await summary(messages, { guild_id, days: 30 })).toMatchObject({ total: 2, previous_total: 3 });
    expect(await summary(messages, { guild_id, days: 30, user_id: 5 })).toMatchObject({ total: 2, previous_total: 3 });
  });

  it('should clip the window to the retention, and return the clipped window', async () => {
    const short = await startQueryInProcess(database.url, { RETENTION_DAYS: '10', SUMMARY_RETENTION_DAYS: '12' });
    try {
      const guild_id = await openGuild();
      await store(guild_id, message, [{ ms: NOON }, { ms: NOON - 9 * DAY_MS }]);
      const { data } = await short.client.get<Summary>(messages, { guild_id, days: 30 });
      expect(Date.parse(data.to) - Date.parse(data.from)).toBe(10 * DAY_MS);
      expect(data).toMatchObject({ total: 1, previous_total: null });
      const window = { from: '2020-01-01T00:00:00Z', to: '2020-01-05T00:00:00Z' };
      const gone = await short.client.get<Summary>(messages, { guild_id, ...window });
      expect(gone.data).toMatchObject({ total: 0, previous_total: null, series: [] });
    } finally {
      await short.close();
    }
  });

  it('should list all kinds in the overview, in the order of the catalogue', async () => {
    const guild_id = await openGuild({ stats_command_usage: false });
    await store(guild_id, message, [{ ms: NOON }, { ms: NOON - 40 * DAY_MS }, { ms: NOON - 41 * DAY_MS }]);
    await store(guild_id, command, [
      { ms: NOON, label: 'x' },
      { ms: NOON + 1, label: 'x' },
    ]);
    const { data } = await client.get<Overview>('stats/overview', { guild_id });
    expect(Object.keys(data)).toEqual(['from', 'to', 'kinds']);
    expect(data.kinds.map(({ kind }) => kind)).toEqual(KINDS.map(([name]) => name));
    expect(data.kinds.slice(0, 3)).toEqual([
      { kind: 'command.used', enabled: false, total: 2, previous_total: 0 },
      { kind: 'message.sent', enabled: true, total: 1, previous_total: 2 },
      { kind: 'reminder.created', enabled: true, total: 0, previous_total: 0 },
    ]);
  });

  it('should answer ModuleDisabledError while the module is disabled', async () => {
    for (const path of [messages, 'stats/overview']) {
      const answer = await client.get(path, { guild_id: newGuildId() });
      expect(answer).toMatchObject({ status: 409, error: { name: 'ModuleDisabledError' } });
    }
  });
});
