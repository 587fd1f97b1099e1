import { randomUUID } from 'node:crypto';
import { CATALOGUE } from '#libs/contracts';
import { EVERY_SWITCH_ON } from '../harness/api-client.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { allSettings } from '../harness/all-settings.js';
import { DocumentedApi } from './documented-api.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { storeEvents } from './stored-events.js';

const DAY_MS = 86_400_000;

interface Period {
  from: string;
  to: string;
}

interface Collection {
  from: string;
  to: string;
  kinds: {
    kind: string;
    enabled: boolean;
    last_event_at: string | null;
    collected: Period[];
    bots_collected?: Period[];
  }[];
}

describe('stats/collection', () => {
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

  const collection = async (guildId: string, window: Record<string, string | number> = {}) => {
    const answer = await query.client.get<Collection>('stats/collection', { guild_id: guildId, ...window });
    expect(api.mistakesOf('GET', '/modules/serverstats/stats/collection', answer)).toBeUndefined();
    return answer;
  };
  const ofKind = async (guildId: string, kind: string, window: Record<string, string | number> = {}) => {
    const { data } = await collection(guildId, window);
    return { ...data.kinds.find((one) => one.kind === kind)!, to: data.to, from: data.from };
  };
  /** Sends a change that must succeed. @returns the `updated_at` that it left */
  const change = async (method: string, path: string, body: { guild_id: string } & Record<string, unknown>) => {
    const answer = await query.client.send(method, path, body);
    expect([path, answer.status, answer.error]).toEqual([path, 200, {}]);
    const [row] = await database.query<{ updated_at: Date }>(
      'SELECT updated_at FROM guild_settings WHERE guild_id = $1',
      [body.guild_id],
    );
    return row!.updated_at.toISOString();
  };
  const period = (from: string, to: string): Period => ({ from, to });
  const storePeriods = (guildId: string, periods: [name: string, began: number, ended: number | null][]) =>
    database.query(
      `INSERT INTO collection_periods
       SELECT $1, name, to_timestamp(began / 1000.0), to_timestamp(ended / 1000.0)
       FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS p(name, began, ended)`,
      [guildId, ...[0, 1, 2].map((column) => periods.map((one) => one[column]))],
    );

  it('lists every kind in the order of the catalogue, and bots where a switch controls them', async () => {
    const guild_id = newGuildId();
    await change('POST', 'enable', { guild_id });
    const { data } = await collection(guild_id);
    expect(data.kinds).toEqual(
      Object.keys(CATALOGUE).map((kind) => ({
        kind,
        enabled: false,
        last_event_at: null,
        collected: [],
        ...(kind === 'message.sent' && { bots_collected: [] }),
      })),
    );
  });

  it('follows a switch that is turned on, off and on, to the millisecond of each change', async () => {
    const guild_id = newGuildId();
    await change('POST', 'enable', { guild_id });
    const patch = (on: boolean) => change('PATCH', 'settings', { guild_id, stats_command_usage: on });
    const on = await patch(true);
    await patch(true);
    const off = await patch(false);
    await change('PATCH', 'settings', { guild_id, stats_message_statistics: true });
    const onAgain = await change('PUT', 'settings', {
      ...allSettings(guild_id, { stats_command_usage: true }),
      guild_id,
    });
    const { to, collected, enabled } = await untilPast(onAgain, () => ofKind(guild_id, 'command.used'));
    expect(collected).toEqual([period(on, off), period(onAgain, to)]);
    expect(enabled).toBe(true);
    expect((await ofKind(guild_id, 'message.sent')).collected).toHaveLength(1);
    expect((await ofKind(guild_id, 'message.sent')).enabled).toBe(false);
    expect((await ofKind(guild_id, 'tag.send_timed')).collected).toEqual([]);
  });

  it('has a gap while the module was disabled, even if the switch stayed on', async () => {
    const guild_id = newGuildId();
    await change('POST', 'enable', { guild_id });
    const on = await change('PATCH', 'settings', { guild_id, ...EVERY_SWITCH_ON });
    const disabled = await change('POST', 'disable', { guild_id });
    const enabled = await change('POST', 'enable', { guild_id });
    const { data } = await untilPast(enabled, async () => {
      const answer = await collection(guild_id);
      return { ...answer, to: answer.data.to };
    });
    const expected = [period(on, disabled), period(enabled, data.to)];
    expect(data.kinds.map(({ collected }) => collected)).toEqual(data.kinds.map(() => expected));
    expect(data.kinds.find(({ kind }) => kind === 'message.sent')!.bots_collected).toEqual(expected);
  });

  it("lists bots' events as collected while module, kind and bot tracking are all on", async () => {
    const guild_id = newGuildId();
    await change('POST', 'enable', { guild_id });
    await change('PATCH', 'settings', { guild_id, stats_track_bot_messages: true });
    const on = await change('PATCH', 'settings', { guild_id, stats_message_statistics: true });
    const botsOff = await change('PATCH', 'settings', { guild_id, stats_track_bot_messages: false });
    const off = await change('PATCH', 'settings', { guild_id, stats_message_statistics: false });
    await change('PATCH', 'settings', { guild_id, stats_track_bot_messages: true });
    const { collected, bots_collected } = await ofKind(guild_id, 'message.sent');
    expect(collected).toEqual([period(on, off)]);
    expect(bots_collected).toEqual([period(on, botsOff)]);
  });

  it('does not record a rejected change', async () => {
    const guild_id = newGuildId();
    await change('POST', 'enable', { guild_id });
    const refused = await query.client.send('PATCH', 'settings', {
      guild_id,
      stats_command_usage: true,
      starboard_enabled: true,
    });
    expect(refused.status).toBe(400);
    expect((await ofKind(guild_id, 'command.used')).collected).toEqual([]);
    expect(await database.query('SELECT name FROM collection_periods WHERE guild_id = $1', [guild_id])).toEqual([
      { name: 'module' },
    ]);
  });

  it('is written together with the change, or neither is', async () => {
    const guild_id = newGuildId();
    const updated_at = await change('POST', 'enable', { guild_id });
    await database.query('ALTER TABLE collection_periods RENAME TO away');
    try {
      const failed = await query.client.send('PATCH', 'settings', { guild_id, stats_command_usage: true });
      expect(failed).toMatchObject({ status: 503, error: { name: 'DatabaseError' } });
      expect(await query.client.send('POST', 'disable', { guild_id })).toMatchObject({ status: 503 });
    } finally {
      await database.query('ALTER TABLE away RENAME TO collection_periods');
    }
    const { data } = await query.client.get('settings', { guild_id });
    expect(data).toMatchObject({ stats_command_usage: false, updated_at });
  });

  it('is empty after the guild was erased, and starts again', async () => {
    const guild_id = newGuildId();
    await query.client.openGuild(guild_id);
    const other = newGuildId();
    await query.client.openGuild(other);
    expect((await query.client.send('DELETE', 'settings/delete', { guild_id })).status).toBe(200);
    const count = async (guildId: string) =>
      (await database.query('SELECT FROM collection_periods WHERE guild_id = $1', [guildId])).length;
    expect(await count(guild_id)).toBe(0);
    expect(await count(other)).toBe(1 + Object.keys(EVERY_SWITCH_ON).length);
    await change('POST', 'enable', { guild_id });
    const on = await change('PATCH', 'settings', { guild_id, stats_command_usage: true });
    const { collected, to } = await untilPast(on, () => ofKind(guild_id, 'command.used'));
    expect(collected).toEqual([period(on, to)]);
  });

  it('clips periods to the window, and merges adjacent ones', async () => {
    const guild_id = newGuildId();
    await change('POST', 'enable', { guild_id });
    const now = Date.now();
    const at = (daysAgo: number) => now - daysAgo * DAY_MS;
    await storePeriods(guild_id, [
      ['module', at(50), at(0.5)],
      ['stats_command_usage', at(40), at(9)],
      ['stats_command_usage', at(9), at(8)],
      ['stats_command_usage', at(7), at(7)],
      ['stats_command_usage', at(6), at(5)],
      ['stats_command_usage', at(4), null],
    ]);
    const iso = (time: number) => new Date(time).toISOString();
    const within = async (from: number, to: number) => {
      const answer = await ofKind(guild_id, 'command.used', { from: iso(at(from)), to: iso(at(to)) });
      expect([answer.from, answer.to]).toEqual([iso(at(from)), iso(at(to))]);
      return answer.collected.map((one) => [one.from, one.to].map((time) => (now - Date.parse(time)) / DAY_MS));
    };
    expect(await within(10, 5.5)).toEqual([
      [10, 8],
      [6, 5.5],
    ]);
    expect(await within(5, 1)).toEqual([[4, 1]]);
    expect(await within(5, 0.25)).toEqual([[4, 0.5]]);
    expect(await within(8, 6)).toEqual([]);
    expect(await within(45, 39)).toEqual([[40, 39]]);
  });

  it('reports the newest stored event whatever the window, truncated to the millisecond', async () => {
    const guild_id = newGuildId();
    await query.client.openGuild(guild_id);
    const event = (kind: number, occurredAt: string) => ({
      guildId: guild_id,
      kind,
      occurredAt,
      eventId: randomUUID(),
    });
    const newest = new Date(Date.now() + 60_000).toISOString();
    const old = new Date(Date.now() - 61 * DAY_MS).toISOString();
    await storeEvents(database, [
      event(1, new Date(Date.now() - DAY_MS).toISOString()),
      event(1, newest.replace('Z', '999Z')),
      event(3, old),
    ]);
    const { data } = await collection(guild_id, { days: 1 });
    const found = data.kinds.filter(({ last_event_at }) => last_event_at !== null);
    expect(found.map(({ kind, last_event_at }) => [kind, last_event_at])).toEqual([
      ['command.used', newest],
      ['reminder.created', old],
    ]);
  });

  it.each([
    ['days', { days: 31 }],
    ['days', { days: 1, from: '2026-01-01T00:00:00Z' }],
    ['to', { to: '2026-01-01T00:00:00Z' }],
    ['from', { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }],
    ['from', { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00.001Z' }],
    ['from', { from: 'yesterday' }],
  ])('names %s for the window %j', async (field, window) => {
    const answer = await collection(newGuildId(), window as Record<string, string>);
    expect(answer).toMatchObject({ status: 400, error: { fields: [{ field }] } });
  });

  it('needs the module to be enabled', async () => {
    const guild_id = newGuildId();
    const disabled = { status: 409, error: { code: 800, name: 'ModuleDisabledError' } };
    expect(await collection(guild_id)).toMatchObject(disabled);
    await change('POST', 'enable', { guild_id });
    expect(await collection(guild_id)).toMatchObject({ status: 200 });
    await change('POST', 'disable', { guild_id });
    expect(await collection(guild_id)).toMatchObject(disabled);
  });
});

/** Repeats the request until its window ends after that time. A request may arrive in the same millisecond. */
async function untilPast<T extends { to: string }>(moment: string, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer.to > moment) return answer;
  }
}
