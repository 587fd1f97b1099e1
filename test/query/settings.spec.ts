import { SWITCHES, type SwitchName } from '#libs/contracts';
import { addCustomPanel } from '../counter-panels/panels-system.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { allSettings } from '../harness/all-settings.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

describe('settings', () => {
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

  const send = <T = Record<string, unknown>>(method: string, path: string, body: unknown) =>
    query.client.send<T>(method, path, body);
  const getSettings = (guildId: string) => query.client.get<Record<string, unknown>>('settings', { guild_id: guildId });
  const enabledGuild = async () => {
    const guildId = newGuildId();
    await send('POST', 'enable', { guild_id: guildId });
    return guildId;
  };
  const addPanel = (guildId: string, channelId: string) =>
    addCustomPanel(database, { guildId, channelId, channelName: 'Admins: {count}', roleId: '77' });
  const fieldsOf = (answer: { error: { fields?: { field: string }[] } }) =>
    answer.error.fields?.map(({ field }) => field);

  it('are all off in a guild that was just enabled', async () => {
    const guildId = await enabledGuild();
    const { data } = await getSettings(guildId);
    const { counter_panel_custom_panels_create, counter_panel_custom_panels_delete, ...off } = allSettings(guildId);
    expect(data).toEqual({
      ...off,
      counter_panel_custom_panels: [],
      counter_panel_status: [],
      starboard_status: [],
      updated_at: expect.any(String),
    });
    expect(counter_panel_custom_panels_create).toEqual(counter_panel_custom_panels_delete);
  });

  it('are returned by PUT as GET then returns them, with exact ids as strings', async () => {
    const guildId = await enabledGuild();
    const body = allSettings(guildId, {
      counter_panel_enabled: true,
      counter_panel_category_channel: '9223372036854775807',
      starboard_enabled: true,
      starboard_channel: '9007199254740995',
      starboard_count: 1_000_000,
      stats_message_statistics: true,
    });
    // Ids as JSON integers, which JSON.parse would round.
    const put = await send('PUT', 'settings', JSON.stringify(body).replace(/"(\d{16,19})"/g, '$1'));
    expect(put).toMatchObject({
      status: 200,
      data: {
        guild_id: guildId,
        counter_panel_category_channel: '9223372036854775807',
        starboard_channel: '9007199254740995',
        starboard_count: 1_000_000,
        stats_message_statistics: true,
        stats_command_usage: false,
      },
    });
    expect((await getSettings(guildId)).data).toEqual(put.data);
  });

  it('accept what GET returned, with the lists of panels added', async () => {
    const guildId = await enabledGuild();
    await addPanel(guildId, '555');
    const before = (await getSettings(guildId)).data;
    expect(before.counter_panel_custom_panels).toEqual([
      { channel_id: '555', channel_name: 'Admins: {count}', role_id: '77' },
    ]);
    const put = await send('PUT', 'settings', {
      ...before,
      counter_panel_status: 'whatever',
      starboard_status: 'whatever',
      counter_panel_custom_panels_create: [],
      counter_panel_custom_panels_delete: [],
    });
    expect(put.status).toBe(200);
    expect({ ...put.data, updated_at: before.updated_at }).toEqual(before);
    expect(Date.parse(put.data.updated_at as string)).toBeGreaterThan(Date.parse(before.updated_at as string));
  });

  it('reject a change that is based on older settings', async () => {
    const guildId = await enabledGuild();
    const { updated_at } = (await getSettings(guildId)).data;
    const first = await send('PATCH', 'settings', { guild_id: guildId, stats_command_usage: true, updated_at });
    expect(first.status).toBe(200);
    const second = await send('PATCH', 'settings', { guild_id: guildId, stats_command_usage: false, updated_at });
    expect(second).toMatchObject({ status: 400, error: { name: 'BadRequestError' } });
    expect(fieldsOf(second)).toEqual(['updated_at']);
    expect((await getSettings(guildId)).data).toEqual(first.data);
  });

  it('get a later updated_at with every change', async () => {
    const guildId = await enabledGuild();
    const times = new Set<string>();
    for (let i = 0; i < 20; i++) {
      times.add(
        (await send('PATCH', 'settings', { guild_id: guildId, stats_command_usage: i % 2 === 0 })).data
          .updated_at as string,
      );
    }
    expect(times.size).toBe(20);
    expect([...times]).toEqual([...times].toSorted((a, b) => Date.parse(a) - Date.parse(b)));
  });

  it('change only what PATCH names', async () => {
    const guildId = await enabledGuild();
    await send('PATCH', 'settings', { guild_id: guildId, stats_command_usage: true, starboard_channel: '4' });
    const { data } = await send('PATCH', 'settings', { guild_id: guildId, stats_message_statistics: true });
    expect(data).toMatchObject({ stats_command_usage: true, stats_message_statistics: true, starboard_channel: '4' });
  });

  it('lose none of several concurrent changes', async () => {
    const guildId = await enabledGuild();
    const names = ['stats_command_usage', 'stats_message_statistics', 'stats_modules_tags_statistics_enabled'];
    await Promise.all(names.map((name) => send('PATCH', 'settings', { guild_id: guildId, [name]: true })));
    expect((await getSettings(guildId)).data).toMatchObject(Object.fromEntries(names.map((name) => [name, true])));
  });

  it('keep the switches of a newer version', async () => {
    const guildId = await enabledGuild();
    await database.query(`UPDATE guild_settings SET switches = '{stats_of_tomorrow}' WHERE guild_id = $1`, [guildId]);
    await send('PATCH', 'settings', { guild_id: guildId, stats_command_usage: true });
    expect(await database.query('SELECT switches FROM guild_settings WHERE guild_id = $1', [guildId])).toEqual([
      { switches: ['stats_command_usage', 'stats_of_tomorrow'] },
    ]);
  });

  it('require a category for counter panels, and a channel and a count for the starboard', async () => {
    const guildId = await enabledGuild();
    const wrong = allSettings(guildId, { counter_panel_enabled: true, starboard_enabled: true });
    const put = await send('PUT', 'settings', wrong);
    expect(put.status).toBe(400);
    expect(fieldsOf(put)).toEqual(['counter_panel_category_channel', 'starboard_channel', 'starboard_count']);
    const patch = await send('PATCH', 'settings', { guild_id: guildId, starboard_enabled: true, starboard_channel: 4 });
    expect(fieldsOf(patch)).toEqual(['starboard_count']);
    const right = { guild_id: guildId, starboard_enabled: true, starboard_channel: 4, starboard_count: 1 };
    expect((await send('PATCH', 'settings', right)).status).toBe(200);
    // A change is checked together with the stored settings.
    expect(fieldsOf(await send('PATCH', 'settings', { guild_id: guildId, starboard_channel: null }))).toEqual([
      'starboard_channel',
    ]);
  });

  it.each([0, -1, 1.5, 1_000_001, '3', true, 9_223_372_036_854_775_000])(
    'reject a starboard_count of %j',
    async (count) => {
      const guildId = await enabledGuild();
      const answer = await send('PATCH', 'settings', { guild_id: guildId, starboard_count: count });
      expect([answer.status, fieldsOf(answer)]).toEqual([400, ['starboard_count']]);
    },
  );

  it('reject unknown fields, and name them', async () => {
    const guildId = await enabledGuild();
    const answer = await send('PATCH', 'settings', { guild_id: guildId, stats_comand_usage: true, enabled: false });
    expect([answer.status, fieldsOf(answer)]).toEqual([400, ['stats_comand_usage', 'enabled']]);
  });

  it('name every missing field of PUT', async () => {
    const guildId = await enabledGuild();
    const answer = await send('PUT', 'settings', {});
    expect(answer.status).toBe(400);
    const isOptional = (field: string) => field in SWITCHES && !SWITCHES[field as SwitchName].required;
    const required = Object.keys(allSettings(guildId)).filter((field) => !isOptional(field));
    expect(fieldsOf(answer)?.toSorted()).toEqual(required.toSorted());
  });

  it('leave a switch that was added later unchanged if PUT lacks it', async () => {
    const guildId = await enabledGuild();
    const { stats_members_enabled: _, ...older } = allSettings(guildId);
    for (const isOn of [false, true]) {
      if (isOn) await send('PATCH', 'settings', { guild_id: guildId, stats_members_enabled: true });
      const answer = await send('PUT', 'settings', older);
      expect(answer.data).toMatchObject({ stats_members_enabled: isOn });
    }
  });

  it.each([
    ['a name with U+0000', [{ channel_name: 'a\u0000b', role_id: '7' }]],
    ['a lone surrogate', '[{"channel_name": "\\ud800", "role_id": "7"}]'],
    ['an empty name', [{ channel_name: '', role_id: '7' }]],
    ['a name of 101 characters', [{ channel_name: '😀'.repeat(101), role_id: '7' }]],
    ['no role', [{ channel_name: 'a' }]],
    ['an unknown field', [{ channel_name: 'a', role_id: '7', extra: 1 }]],
    ['an element that is not an object', ['a']],
    ['51 panels', Array.from({ length: 51 }, () => ({ channel_name: 'a', role_id: '7' }))],
    ['an object instead of a list', { channel_name: 'a', role_id: '7' }],
  ])('reject new panels with %s', async (_, panels) => {
    const guildId = await enabledGuild();
    const list = typeof panels === 'string' ? panels : JSON.stringify(panels);
    const body = `{"guild_id": ${guildId}, "counter_panel_custom_panels_create": ${list}}`;
    const answer = await send('PATCH', 'settings', body);
    expect([answer.status, fieldsOf(answer)]).toEqual([400, ['counter_panel_custom_panels_create']]);
  });

  it('reject the deletion of a panel that is not of the guild', async () => {
    const [guildId, other] = [await enabledGuild(), await enabledGuild()];
    await addPanel(other, '556');
    const change = { guild_id: guildId, counter_panel_custom_panels_delete: ['556'] };
    const answer = await send('PATCH', 'settings', change);
    expect([answer.status, fieldsOf(answer)]).toEqual([400, ['counter_panel_custom_panels_delete']]);
  });

  it('reject more than 50 panels in total', async () => {
    const guildId = await enabledGuild();
    for (let channel = 600; channel < 650; channel++) await addPanel(guildId, String(channel));
    const change = { guild_id: guildId, counter_panel_custom_panels_create: [{ channel_name: 'a', role_id: '7' }] };
    const answer = await send('PATCH', 'settings', change);
    expect([answer.status, fieldsOf(answer)]).toEqual([400, ['counter_panel_custom_panels_create']]);
  });

  it('stay unchanged if custom panels need Discord and there is no token', async () => {
    const guildId = await enabledGuild();
    const before = (await getSettings(guildId)).data;
    const answer = await send('PATCH', 'settings', {
      guild_id: guildId,
      stats_command_usage: true,
      counter_panel_custom_panels_create: [{ channel_name: 'Admins: {count}', role_id: '7' }],
    });
    expect(answer).toMatchObject({ status: 502, error: { code: 804, name: 'DiscordApiInteractionError' } });
    expect(answer.error.message).toContain('DISCORD_TOKEN');
    expect((await getSettings(guildId)).data).toEqual(before);
  });

  it('report that the starboard does not work without a token', async () => {
    const guildId = await enabledGuild();
    const on = { starboard_enabled: true, starboard_channel: '9007199254740995', starboard_count: 3 };
    const { data } = await send('PATCH', 'settings', { guild_id: guildId, ...on });
    expect(data.starboard_status).toEqual([
      {
        channel_id: '9007199254740995',
        problem: expect.stringContaining('DISCORD_TOKEN is not set'),
        first_seen_at: null,
        last_seen_at: null,
        next_try_at: null,
      },
    ]);
    expect((await getSettings(guildId)).data.starboard_status).toEqual(data.starboard_status);
    await send('PATCH', 'settings', { guild_id: guildId, starboard_enabled: false });
    expect((await getSettings(guildId)).data.starboard_status).toEqual([]);
  });

  it('cannot be read or changed while the module is disabled, and are kept', async () => {
    const guildId = await enabledGuild();
    await send('PATCH', 'settings', { guild_id: guildId, stats_command_usage: true });
    expect((await send('POST', 'disable', { guild_id: guildId })).data).toEqual({ guild_id: guildId, enabled: false });
    const disabled = { status: 409, error: { code: 800, name: 'ModuleDisabledError' } };
    expect(await getSettings(guildId)).toMatchObject(disabled);
    expect(await send('PUT', 'settings', allSettings(guildId))).toMatchObject(disabled);
    expect(await send('PATCH', 'settings', { guild_id: guildId })).toMatchObject(disabled);
    expect(await send('POST', 'disable', { guild_id: guildId })).toMatchObject(disabled);
    expect((await send('POST', 'enable', { guild_id: guildId })).status).toBe(200);
    expect((await getSettings(guildId)).data.stats_command_usage).toBe(true);
    expect(await send('POST', 'enable', { guild_id: guildId })).toMatchObject({
      status: 409,
      error: { code: 801, name: 'ModuleEnabledError' },
    });
  });

  it('are validated before the state of the guild is checked', async () => {
    expect((await send('PUT', 'settings', allSettings(newGuildId(), { starboard_enabled: true }))).status).toBe(400);
    expect((await send('PUT', 'settings', allSettings(newGuildId()))).status).toBe(409);
  });

  it.each(['body', 'query string'])(
    'are deleted with all other data of the guild, for a guild_id in the %s',
    async (place) => {
      const guildId = await enabledGuild();
      await addPanel(guildId, '557');
      await database.query(
        `INSERT INTO statistic_events (guild_id, occurred_at, event_id, kind) VALUES ($1, now(), gen_random_uuid(), 1)`,
        [guildId],
      );
      const erase = () =>
        place === 'body'
          ? send('DELETE', 'settings/delete', `{"guild_id": ${guildId}}`)
          : query.client.request(`/v1/modules/serverstats/settings/delete?guild_id=${guildId}`, { method: 'DELETE' });
      const deleted = { status: 200, data: { guild_id: guildId, deleted: true } };
      expect(await erase()).toMatchObject(deleted);
      expect(await erase()).toMatchObject(deleted);
      for (const table of ['guild_settings', 'counters', 'statistic_events']) {
        expect(await database.query(`SELECT 1 FROM ${table} WHERE guild_id = $1`, [guildId])).toEqual([]);
      }
      expect((await query.client.get('status', { guild_id: guildId })).data).toEqual({
        guild_id: guildId,
        enabled: false,
      });
    },
  );

  it('are not deleted by a request that names two guilds', async () => {
    const [one, other] = [await enabledGuild(), await enabledGuild()];
    const answer = await send('DELETE', `settings/delete?guild_id=${one}`, { guild_id: other });
    expect([answer.status, fieldsOf(answer)]).toEqual([400, ['guild_id']]);
    expect((await getSettings(one)).status).toBe(200);
  });
});
