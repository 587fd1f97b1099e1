import { randomUUID } from 'node:crypto';
import { CounterTypes } from '#libs/contracts';
import { DiscordDouble, type StoredChannel, type StoredRole } from '../doubles/discord/index.js';
import { ManualClock } from '../doubles/manual-clock.js';
import type { Answer } from '../harness/api-client.js';
import { startServicesInProcess, type ServicesInProcess } from '../harness/services-in-process.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const CATEGORY = 4;
const VOICE = 2;
const MANAGE_CHANNELS = 1n << 4n;
const CONNECT = 1n << 20n;
const CREATE = 'POST /guilds/{guild_id}/channels';
const DAY_MS = 86_400_000;
/** How long the client waits for a response of Discord. */
const REQUEST_MS = 10_000;

interface Counter {
  channel_id: string;
  type: string;
  format: string;
  goal: number | null;
  role_id: string | null;
  statistic: { kind: string; days: number } | null;
  source: string;
  status: {
    value: number | null;
    name: string | null;
    updated_at: string | null;
    next_update_at: string | null;
    error: string | null;
  };
}

describe('counters', () => {
  let database: TestDatabase;
  let clock: ManualClock;
  let discord: DiscordDouble;
  let services: ServicesInProcess;
  let guildId: string;
  let category: StoredChannel;
  let role: StoredRole;

  beforeAll(async () => {
    database = await createTestDatabase();
    clock = new ManualClock(Date.now());
    discord = await DiscordDouble.start({ clock });
    services = await startServicesInProcess({ database, discord, clock });
  });
  afterAll(async () => {
    await services?.close();
    await discord?.close();
    await database?.release();
  });

  beforeEach(async () => {
    guildId = discord.state.addGuild({ memberCount: 12, presenceCount: 5 }).id;
    category = discord.state.addChannel({ guildId, type: CATEGORY });
    role = discord.state.addRole({ guildId, name: 'Admins' });
    await send('POST', 'enable');
    await patchSettings({ counter_panel_category_channel: category.id, counter_panel_enabled: true });
  });
  afterEach(() => {
    discord.faults.clear();
    if (discord.violations.length > 0) throw new Error(discord.violations.splice(0).join('\n'));
  });

  /** Whether Discord is being asked. The time must not advance then, because requests have deadlines. */
  const isAsking = () => clock.sleeping.includes(REQUEST_MS);
  /** Advances the time until the request is answered, because requests to Discord wait for its rate limits. */
  const send = async <T = Record<string, unknown>>(
    method: string,
    path: string,
    body: Record<string, unknown> = {},
  ): Promise<Answer<T>> => {
    let isAnswered = false;
    const answer = services.api.send<T>(method, path, { guild_id: guildId, ...body });
    const answered = answer.finally(() => (isAnswered = true));
    await waitFor(
      () => {
        if (!isAnswered && !isAsking()) clock.advance(100);
        return isAnswered;
      },
      { what: `the answer to ${method} ${path}`, intervalMs: 10 },
    );
    return answered;
  };
  const patchSettings = (body: Record<string, unknown>) => send('PATCH', 'settings', body);
  const create = (body: Record<string, unknown>) => send<Counter>('POST', 'counters', body);
  const change = (channelId: string, body: Record<string, unknown>) =>
    send<Counter>('PATCH', `counters/${channelId}`, body);
  const remove = (channelId: string) => send('DELETE', `counters/${channelId}`);
  const counters = async () => (await services.api.get<Counter[]>('counters', { guild_id: guildId })).data;
  const counterOf = async (channelId: string) => (await counters()).find(({ channel_id }) => channel_id === channelId);
  const addVoice = (parentId: string | null = category.id) =>
    discord.state.addChannel({ guildId, type: VOICE, parentId });
  const nameOf = (channelId: string) => discord.state.channels.get(channelId)?.name;
  const inCategory = () => discord.state.channelsOf(guildId).filter(({ parentId }) => parentId === category.id);
  const unfinished = () => database.query('SELECT * FROM counter_panel_creations WHERE guild_id = $1', [guildId]);
  const fieldsOf = ({ status, error }: Answer) => [status, error.fields?.map(({ field }) => field)];
  const handOver = (name: string, body: Record<string, unknown>, occurredAt = Date.now()) =>
    services.handover.handOver({
      name,
      body: { guild_id: guildId, ...body },
      eventId: randomUUID(),
      occurredAt,
    } as Parameters<typeof services.handover.handOver>[0]);
  /** Stores a snapshot of now by the clock, and refreshes the counters. */
  const publish = async (counts: Record<string, number>, roles: { all?: number; online?: number } = {}) => {
    const byRole = (count: number | undefined) => (count === undefined ? null : { [role.id]: count });
    await database.query(
      `INSERT INTO guild_snapshots
         (guild_id, bucket, occurred_at, counts, role_member_counts, online_role_member_counts)
       VALUES ($1, date_bin('15 minutes', $2::timestamptz, 'epoch'), $2, $3, $4, $5)
       ON CONFLICT (guild_id, bucket) DO UPDATE SET occurred_at = excluded.occurred_at, counts = excluded.counts,
         role_member_counts = excluded.role_member_counts,
         online_role_member_counts = excluded.online_role_member_counts`,
      [guildId, new Date(clock.now()), counts, byRole(roles.all), byRole(roles.online)],
    );
    await send('POST', 'stats/counter-panel/update');
  };
  /** Moves the time of the services, and of due refreshes in the database. */
  const advance = async (ms: number) => {
    clock.advance(ms);
    await database.query(`UPDATE counter_panel_refreshes SET due_at = due_at - $1 * interval '1 millisecond'`, [ms]);
  };
  /** Advances the time, because the worker looks for work every five seconds. */
  const until = (what: string, condition: () => boolean | Promise<boolean>) =>
    waitFor(
      async () => {
        if (!isAsking()) await advance(1_000);
        return condition();
      },
      { what },
    );
  const untilName = (channelId: string, name: string) =>
    until(`the channel to be called ${name}`, () => nameOf(channelId) === name);
  const untilError = async (channelId: string, part: string) =>
    until(`the error ${part}`, async () => (await counterOf(channelId))?.status.error?.includes(part) ?? false);

  it('create a locked voice channel in the category, and tell what it shows', async () => {
    const { status, data } = await create({ type: 'members', format: '👥 <value> of <goal>', goal: 20_000 });
    expect(status).toBe(201);
    const [channel] = inCategory();
    expect(channel).toMatchObject({ id: data.channel_id, type: VOICE });
    expect(discord.requestsOf(CREATE).at(-1)!.json!.name).toBe('👥 … of 20,000');
    expect(channel!.overwrites[0]).toEqual({ id: guildId, type: 0, allow: 0n, deny: CONNECT });
    expect(data).toMatchObject({
      type: 'members',
      format: '👥 <value> of <goal>',
      goal: 20_000,
      role_id: null,
      statistic: null,
      source: 'counter',
      status: { value: null, name: null, updated_at: null, next_update_at: expect.any(String), error: null },
    });
    await publish({ member_count: 12_345 });
    await untilName(data.channel_id, '👥 12,345 of 20,000');
    await until('the status', async () => (await counterOf(data.channel_id))?.status.value === 12_345);
    const { name, updated_at, error } = (await counterOf(data.channel_id))!.status;
    expect([name, updated_at, error]).toEqual(['👥 12,345 of 20,000', expect.any(String), null]);
    expect(await unfinished()).toEqual([]);
  });

  it('show every type', async () => {
    const ofRole = { role_id: role.id };
    const wanted = [
      [{ type: 'members' }, 'Members: 12,345'],
      [{ type: 'humans' }, 'Humans: 12,300'],
      [{ type: 'bots' }, 'Bots: 45'],
      [{ type: 'online' }, 'Online: 80'],
      [{ type: 'idle' }, 'Idle: 20'],
      [{ type: 'dnd' }, 'Do not disturb: 10'],
      [{ type: 'offline', format: 'Away: <value:short>' }, 'Away: 12.2K'],
      [{ type: 'statuses' }, '🟢 80 🌙 20 ⛔ 10 ⚪ 12,235'],
      [{ type: 'statuses', format: '<online>/<idle>' }, '80/20'],
      [{ type: 'members_with_role', ...ofRole }, 'Admins: 7'],
      [{ type: 'online_with_role', ...ofRole }, 'Admins online: 3'],
      [{ type: 'boosts' }, 'Boosts: 0'],
      [{ type: 'channels' }, 'Channels: 30'],
      [{ type: 'roles' }, 'Roles: 9'],
      [{ type: 'voice' }, 'In voice: 4'],
      [{ type: 'statistic', statistic: { kind: 'message.sent', days: 30 } }, 'Message sent: 0'],
    ] as const;
    const types = new Set(wanted.map(([{ type }]) => type));
    expect([...types]).toEqual(new CounterTypes().names);
    const channels: string[] = [];
    for (const [body] of wanted) {
      channels.push((await create(body)).data.channel_id);
      await advance(5_000); // Discord's limits allow some requests in five seconds
    }
    const counts = {
      member_count: 12_345,
      bot_count: 45,
      online_member_count: 80,
      idle_member_count: 20,
      dnd_member_count: 10,
      offline_member_count: 12_235,
      voice_member_count: 4,
      server_boost_count: 0,
      channel_count: 30,
      role_count: 9,
    };
    await publish(counts, { all: 7, online: 3 });
    await until('every name', () => {
      expect(channels.map(nameOf)).toEqual(wanted.map(([, name]) => name));
      return true;
    });
    const status = (await counters()).find(({ type }) => type === 'humans')?.status;
    await until('the status', async () => (await counterOf(channels[1]!))?.status.value === 12_300);
    expect(status?.error).toBeNull();
    expect((await counterOf(channels[7]!))?.status).toMatchObject({ value: null, name: wanted[7][1] });
  });

  it('show a goal that is reached, whatever is missing to it, and the default format again', async () => {
    const { data } = await create({ type: 'members', goal: 100 });
    expect(data.format).toBe('Members: <value> / <goal>');
    await publish({ member_count: 99 });
    await untilName(data.channel_id, 'Members: 99 / 100');
    expect((await change(data.channel_id, { format: '<value>, <remaining> to go' })).status).toBe(200);
    await untilName(data.channel_id, '99, 1 to go');
    await publish({ member_count: 101 });
    await advance(10 * 60_000);
    await untilName(data.channel_id, '101, 0 to go');
    expect((await change(data.channel_id, { format: null, goal: null })).data).toMatchObject({
      format: 'Members: <value>',
      goal: null,
    });
    await advance(10 * 60_000);
    await untilName(data.channel_id, 'Members: 101');
  });

  it.each([
    [{ format: 'Members' }, 'format'],
    [{ format: '<value> <what>' }, 'format'],
    [{ format: '<value> / <goal>' }, 'format'],
    [{ format: '<value> <role_name>' }, 'format'],
    [{ format: '' }, 'format'],
    [{ format: `<value>${'a'.repeat(94)}` }, 'format'],
    [{ goal: 0 }, 'goal'],
    [{ role_id: '7' }, 'role_id'],
    [{ statistic: { kind: 'message.sent', days: 7 } }, 'statistic'],
    [{ type: 'online_with_role' }, 'role_id'],
    [{ type: 'statistic' }, 'statistic'],
    [{ type: 'statistic', statistic: { kind: 'message.sent', days: 31 } }, 'statistic'],
    [{ type: 'statistic', statistic: { kind: 'message.lost', days: 7 } }, 'statistic'],
    [{ type: 'elephants' }, 'type'],
    [{ more: 1 }, 'more'],
  ])('refuse %j', async (body, field) => {
    expect(fieldsOf(await create({ type: 'members', ...body }))).toEqual([400, [field]]);
    expect(inCategory()).toEqual([]);
  });

  it('refuse a change that does not fit what stays, and a role that the guild does not have', async () => {
    const { data } = await create({ type: 'members', goal: 5, format: '<value>/<goal>' });
    expect(fieldsOf(await change(data.channel_id, { goal: null }))).toEqual([400, ['format']]);
    expect((await counterOf(data.channel_id))?.goal).toBe(5);
    expect(fieldsOf(await create({ type: 'online_with_role', role_id: '7' }))).toEqual([400, ['role_id']]);
    const ofRole = await create({ type: 'online_with_role', role_id: role.id });
    expect(fieldsOf(await change(ofRole.data.channel_id, { role_id: '7' }))).toEqual([400, ['role_id']]);
    expect(fieldsOf(await change(ofRole.data.channel_id, { role_id: null }))).toEqual([400, ['role_id']]);
    expect(fieldsOf(await change('1', {}))).toEqual([404, undefined]);
    expect(fieldsOf(await remove('1'))).toEqual([404, undefined]);
  });

  it('follow the name of a role, and tell that it is deleted', async () => {
    const { data } = await create({ type: 'online_with_role', role_id: role.id });
    expect(data.format).toBe('<role_name> online: <value>');
    await publish({}, { online: 3 });
    await untilName(data.channel_id, 'Admins online: 3');
    role.name = 'Crew';
    await send('POST', 'stats/counter-panel/update');
    await untilName(data.channel_id, 'Crew online: 3');
    discord.state.roles.delete(role.id);
    await publish({}, { online: 4 });
    await untilError(data.channel_id, `The role ${role.id} does not exist`);
    expect(nameOf(data.channel_id)).toBe('Crew online: 3');
  });

  it('wait for the roles without delaying others, if Discord does not answer', async () => {
    const ofRole = await create({ type: 'online_with_role', role_id: role.id });
    const members = await create({ type: 'members' });
    discord.faults.add({ kind: 'status', status: 503 }, { method: 'GET', path: /roles$/, times: 1_000 });
    await publish({ member_count: 5 }, { online: 3 });
    await untilName(members.data.channel_id, 'Members: 5');
    await untilError(ofRole.data.channel_id, 'read the roles of the server');
    discord.faults.clear();
    await untilName(ofRole.data.channel_id, 'Admins online: 3');
    expect(nameOf(members.data.channel_id)).toBe('Members: 5');
  });

  it('keep the name while nobody reports the count, and tell what is missing', async () => {
    const { data } = await create({ type: 'online_with_role', role_id: role.id, format: 'Here: <value>' });
    await untilError(data.channel_id, 'There is no guild.snapshot that tells');
    expect(nameOf(data.channel_id)).toBe('Here: …');
    await patchSettings({ counter_panel_enabled: false });
    expect((await counterOf(data.channel_id))?.status).toMatchObject({
      next_update_at: null,
      error: 'counter_panel_enabled is false, so the counter is not updated',
    });
  });

  it('show the total of a summary', async () => {
    await patchSettings({ stats_command_usage: true });
    const used = (daysAgo: number) => handOver('command.used', { command: 'ping' }, Date.now() - daysAgo * DAY_MS);
    for (const daysAgo of [0, 0, 1.5, 3]) await used(daysAgo);
    const totalOf = async (days: number) => {
      const query = { guild_id: guildId, days };
      return (await services.api.get<{ total: number }>('stats/command/summary', query)).data.total;
    };
    await waitFor(async () => (await totalOf(7)) === 4, { what: 'the events to be stored' });
    const ofDays = async (days: number, more: Record<string, unknown> = {}) =>
      (await create({ type: 'statistic', statistic: { kind: 'command.used', days }, ...more })).data.channel_id;
    const [week, two] = [await ofDays(7), await ofDays(2, { goal: 10, format: '<value:short> (<remaining>)' })];
    await untilName(week, 'Command used: 4');
    await untilName(two, '3 (7)');
    expect(await totalOf(2)).toBe(3);
    await used(0);
    await waitFor(async () => (await totalOf(7)) === 5, { what: 'the event to be stored' });
    expect((await change(week, { format: '<value> commands' })).status).toBe(200);
    await untilName(week, '5 commands');
    await until('the value', async () => (await counterOf(week))?.status.value === 5);
    expect((await change(week, { statistic: { kind: 'command.used', days: 1 } })).status).toBe(200);
    await advance(10 * 60_000);
    await untilName(week, '3 commands');
  });

  it('show the other counters if a statistic cannot be counted', async () => {
    const statistic = await create({ type: 'statistic', statistic: { kind: 'command.used', days: 7 } });
    const members = await create({ type: 'members' });
    await database.query(`UPDATE counters SET statistic_kind = 'command.lost' WHERE channel_id = $1`, [
      statistic.data.channel_id,
    ]);
    await untilName(members.data.channel_id, 'Members: 12');
    await untilError(statistic.data.channel_id, 'The statistic command.lost could not be counted');
    expect(nameOf(statistic.data.channel_id)).toBe('Command used: …');
  });

  it('are removed when their channel is deleted by hand', async () => {
    const [first, second] = [await create({ type: 'members' }), await create({ type: 'online' })];
    await untilName(first.data.channel_id, 'Members: 12');
    discord.state.deleteChannel(first.data.channel_id);
    await publish({ member_count: 13 });
    await until('the counter to go', async () => (await counters()).length === 1);
    await handOver('channel.deleted', { channel_id: second.data.channel_id });
    await until('the other to go', async () => (await counters()).length === 0);
    expect(nameOf(second.data.channel_id)).toBeDefined();
  });

  it('are deleted with their channel if it was created for them', async () => {
    const { data } = await create({ type: 'members' });
    expect((await remove(data.channel_id)).data).toEqual({ channel_id: data.channel_id, deleted: true });
    expect([inCategory(), await counters()]).toEqual([[], []]);
    expect((await remove(data.channel_id)).status).toBe(404);
  });

  it('take over a channel of the guild, and release it without deleting it', async () => {
    const { id } = addVoice(null);
    expect(await create({ type: 'members', channel_id: id })).toMatchObject({ status: 201, data: { channel_id: id } });
    await untilName(id, 'Members: 12');
    const elsewhere = discord.state.addChannel({ guildId: discord.state.addGuild().id, type: VOICE });
    for (const channel_id of [id, '1300000000000000007', category.id, elsewhere.id]) {
      expect(fieldsOf(await create({ type: 'online', channel_id }))).toEqual([400, ['channel_id']]);
    }
    const setting = { counter_panel_online_member_count_channel: id };
    expect(fieldsOf(await patchSettings(setting))).toEqual([400, ['counter_panel_online_member_count_channel']]);
    expect((await remove(id)).status).toBe(200);
    expect(nameOf(id)).toBe('Members: 12');
  });

  it('do not take over a channel that is about to be deleted', async () => {
    const { id } = addVoice();
    await database.query(
      `INSERT INTO counter_panel_creations (guild_id, id, category_id, channel_name, channel_id, begun_at, due_at,
         is_abandoned) VALUES ($1, $2, $3, 'x', $4, now(), now() + interval '1 day', true)`,
      [guildId, randomUUID(), category.id, id],
    );
    expect(fieldsOf(await create({ type: 'members', channel_id: id }))).toEqual([400, ['channel_id']]);
    expect(await counters()).toEqual([]);
  });

  it('list those of the settings, which only the settings change', async () => {
    const { id } = addVoice();
    await patchSettings({ counter_panel_member_count_channel: id });
    const { data } = await patchSettings({
      counter_panel_custom_panels_create: [{ channel_name: 'Admins', role_id: role.id }],
    });
    const [panel] = data.counter_panel_custom_panels as { channel_id: string }[];
    const made = await create({ type: 'boosts' });
    await publish({ member_count: 12_345 }, { online: 10_000 });
    await untilName(id, 'Members: 12345');
    await untilName(panel!.channel_id, 'Admins: 10000');
    const listed = (await counters()).map(({ channel_id, type, format, source }) => [channel_id, type, format, source]);
    expect(listed).toEqual([
      [id, 'members', 'Members: <value>', 'setting'],
      [panel!.channel_id, 'online_with_role', 'Admins: <value>', 'panel'],
      [made.data.channel_id, 'boosts', 'Boosts: <value>', 'counter'],
    ]);
    for (const [channelId, setting] of [
      [id, 'counter_panel_member_count_channel'],
      [panel!.channel_id, 'counter_panel_custom_panels_delete'],
    ] as const) {
      for (const answer of [await change(channelId, { format: '<value>' }), await remove(channelId)]) {
        expect(fieldsOf(answer)).toEqual([400, ['channel_id']]);
        expect(answer.error.fields![0]!.message).toContain(setting);
      }
    }
    const { data: settings } = await services.api.get<Record<string, { channel_id: string }[]>>('settings', {
      guild_id: guildId,
    });
    expect(settings.counter_panel_custom_panels).toHaveLength(1);
    expect(settings.counter_panel_status!.map(({ channel_id }) => channel_id)).toEqual([id, panel!.channel_id]);
  });

  it('fill a category up to the 50 channels that Discord allows, whoever made them', async () => {
    for (let n = 1; n < 50; n++) addVoice();
    expect((await create({ type: 'members' })).status).toBe(201);
    const refused = await create({ type: 'members' });
    expect(fieldsOf(refused)).toEqual([400, ['counter_panel_category_channel']]);
    expect(inCategory()).toHaveLength(50);
  });

  it('are at most 50 in a guild, together with the custom panels', async () => {
    await database.query(
      `INSERT INTO counters (guild_id, channel_id, type, source)
       SELECT $1, 1300000000000001000 + n, 'members', 'counter' FROM generate_series(1, 50) AS n`,
      [guildId],
    );
    expect(fieldsOf(await create({ type: 'members' }))).toEqual([400, ['guild_id']]);
    const panels = { counter_panel_custom_panels_create: [{ channel_name: 'Admins', role_id: role.id }] };
    expect(fieldsOf(await patchSettings(panels))).toEqual([400, ['counter_panel_custom_panels_create']]);
    expect(inCategory()).toEqual([]);
  });

  it.each([
    ['does not create the channel', { kind: 'status', status: 503 } as const],
    ['creates the channel without a response', { kind: 'done_but_unknown' } as const],
  ])('change nothing if Discord %s', async (_, fault) => {
    discord.faults.add(fault, { method: 'POST', path: /channels$/ });
    expect(await create({ type: 'members' })).toMatchObject({ status: 502, error: { code: 804 } });
    expect([inCategory(), await counters()]).toEqual([[], []]);
  });

  it('change nothing if the database refuses, and delete what was created', async () => {
    await database.query(`ALTER TABLE counters ADD CONSTRAINT broken CHECK (format <> 'Broken <value>')`);
    try {
      const answer = await create({ type: 'members', format: 'Broken <value>' });
      expect(answer).toMatchObject({ status: 503, error: { name: 'DatabaseError' } });
    } finally {
      await database.query('ALTER TABLE counters DROP CONSTRAINT broken');
    }
    expect([inCategory(), await counters(), await unfinished()]).toEqual([[], [], []]);
  });

  it('leave the removal to the ingestion service if the query service dies after it has created a channel', async () => {
    const { data } = await create({ type: 'members' });
    // What is stored of a creation whose process died before its counter was stored.
    await database.query('DELETE FROM counters WHERE channel_id = $1', [data.channel_id]);
    await database.query(
      `INSERT INTO counter_panel_creations (guild_id, id, category_id, channel_name, channel_id, begun_at, due_at)
       VALUES ($1, $2, $3, 'Members: …', $4, now(), now())`,
      [guildId, randomUUID(), category.id, data.channel_id],
    );
    await until('the channel to be deleted', () => inCategory().length === 0);
    await until('the creation to be forgotten', async () => (await unfinished()).length === 0);
    expect(await counters()).toEqual([]);
  });

  it('stay if Discord does not delete their channel', async () => {
    const { data } = await create({ type: 'members' });
    const denied = { id: discord.state.bot.id, type: 1 as const, allow: 0n, deny: MANAGE_CHANNELS };
    discord.state.channel(data.channel_id).overwrites = [denied];
    const answer = await remove(data.channel_id);
    expect(answer).toMatchObject({ status: 502, error: { code: 804 } });
    expect(answer.error.message).toContain('the bot lacks Manage Channels');
    expect(await counters()).toHaveLength(1);
  });

  it('need the panel switched on', async () => {
    await patchSettings({ counter_panel_enabled: false });
    expect(fieldsOf(await create({ type: 'members' }))).toEqual([400, ['counter_panel_enabled']]);
    await send('POST', 'disable');
    expect((await create({ type: 'members' })).status).toBe(409);
    expect((await services.api.get('counters', { guild_id: guildId })).status).toBe(409);
  });

  it('go with their guild: created channels are deleted, others stay', async () => {
    const [{ data: created }, taken] = [await create({ type: 'members' }), addVoice()];
    await create({ type: 'online', channel_id: taken.id });
    expect((await send('DELETE', 'settings/delete')).status).toBe(200);
    expect([nameOf(created.channel_id), nameOf(taken.id)]).toEqual([undefined, taken.name]);
    expect(await database.query('SELECT FROM counters WHERE guild_id = $1', [guildId])).toEqual([]);
  });

  it('can be changed with a write key of the guild, and only read with a read key', async () => {
    const makeKey = async (access: string) => {
      const { data } = await services.api.request<{ key: string }>('/auth/api-keys', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ guild_id: guildId, name: 'test', access }),
      });
      return data.key;
    };
    const as = (key: string, method: string, path: string, body?: Record<string, unknown>) =>
      services.api.request<Counter>(`/modules/serverstats/counters${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
        body: body && JSON.stringify({ guild_id: guildId, ...body }),
      });
    const [read, write] = [await makeKey('read'), await makeKey('write')];
    const { data } = await as(write, 'POST', '', { type: 'members' });
    const statusesOf = async (key: string) => [
      (await as(key, 'GET', `?guild_id=${guildId}`)).status,
      (await as(key, 'PATCH', `/${data.channel_id}`, { goal: 7 })).status,
      (await as(key, 'DELETE', `/${data.channel_id}?guild_id=${guildId}`)).status,
    ];
    expect((await as(read, 'POST', '', { type: 'members' })).status).toBe(403);
    expect(await statusesOf(read)).toEqual([200, 403, 403]);
    expect(await statusesOf(write)).toEqual([200, 200, 200]);
  });
});
