import {
  DiscordDouble,
  type FaultRule,
  type NewGuild,
  type StoredChannel,
  type StoredRole,
} from '../doubles/discord/index.js';
import { ManualClock } from '../doubles/manual-clock.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { allSettings } from '../harness/all-settings.js';
import { addCustomPanel } from './panels-system.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

const CATEGORY = 4;
const VOICE = 2;
const CANNOT_BE_SEEN = 'must be a channel of this guild that the bot can see (the bot needs View Channel there)';
/** How long the client waits for a response. */
const REQUEST_MS = 10_000;
const CREATE = 'POST /guilds/{guild_id}/channels';
const MANAGE_CHANNELS = 1n << 4n;
const VIEW_CHANNEL = 1n << 10n;
const SEND_MESSAGES = 1n << 11n;
const CONNECT = 1n << 20n;
const MANAGE_ROLES = 1n << 28n;

interface Settings extends Record<string, unknown> {
  counter_panel_custom_panels: { channel_id: string; channel_name: string; role_id: string }[];
  counter_panel_status: Record<string, unknown>[];
  updated_at: string;
}

describe('settings with counter panels', () => {
  let database: TestDatabase;
  let discord: DiscordDouble;
  let query: QueryInProcess;
  let guildId: string;
  let category: StoredChannel;
  let role: StoredRole;

  beforeAll(async () => {
    database = await createTestDatabase();
    discord = await DiscordDouble.start();
    query = await startQueryInProcess(database.url, discordVariables());
  });
  afterAll(async () => {
    await query?.close();
    await discord?.close();
    await database?.release();
  });

  beforeEach(async () => {
    await openGuild();
  });
  afterEach(() => {
    discord.faults.clear();
    if (discord.violations.length > 0) throw new Error(discord.violations.splice(0).join('\n'));
  });

  const discordVariables = () => ({ DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.url });
  /** Opens a guild with a role to count and with its category in the settings. */
  const openGuild = async (guild: NewGuild = {}) => {
    guildId = discord.state.addGuild(guild).id;
    category = discord.state.addChannel({ guildId, type: CATEGORY });
    role = discord.state.addRole({ guildId });
    await send('POST', 'enable');
    await send('PATCH', 'settings', { counter_panel_category_channel: category.id, counter_panel_enabled: true });
  };
  const send = (method: string, path: string, body: Record<string, unknown> = {}) =>
    query.client.send<Settings>(method, path, { guild_id: guildId, ...body });
  const patch = (body: Record<string, unknown>) => send('PATCH', 'settings', body);
  const create = (...names: string[]) =>
    patch({ counter_panel_custom_panels_create: names.map((channel_name) => ({ channel_name, role_id: role.id })) });
  const settings = async () => (await query.client.get<Settings>('settings', { guild_id: guildId })).data;
  const panelNames = async () => (await settings()).counter_panel_custom_panels.map((panel) => panel.channel_name);
  const inCategory = () => discord.state.channelsOf(guildId).filter(({ parentId }) => parentId === category.id);
  const unfinished = () => database.query('SELECT * FROM counter_panel_creations WHERE guild_id = $1', [guildId]);
  const fieldsOf = (answer: { error: { fields?: { field: string }[] } }) =>
    answer.error.fields?.map(({ field }) => field);
  const discordError = { status: 502, error: { code: 804, name: 'DiscordApiInteractionError' } };
  /** Expects that everything that was created is deleted again. */
  const expectUndone = async (before: Settings) => {
    expect(inCategory()).toEqual([]);
    expect(await unfinished()).toEqual([]);
    expect(await settings()).toEqual(before);
  };

  it('create locked voice channels for custom panels, in order', async () => {
    const names = ['Admins', '🦊'.repeat(100), 'Admins'];
    const answer = await create(...names);
    expect(answer.status).toBe(200);
    const channels = inCategory().toSorted((a, b) => a.position - b.position);
    expect(channels.map(({ name, type }) => [name, type])).toEqual(names.map((name) => [name, VOICE]));
    expect(answer.data.counter_panel_custom_panels).toEqual(
      channels.map(({ id, name }) => ({ channel_id: id, channel_name: name, role_id: role.id })),
    );
    expect(channels[0]!.overwrites).toEqual([{ id: guildId, type: 0, allow: 0n, deny: CONNECT }, ofTheBot()]);
    expect(await unfinished()).toEqual([]);
    expect(await settings()).toEqual(answer.data);
  });

  const ofTheBot = () => ({
    id: discord.state.bot.id,
    type: 1,
    allow: VIEW_CHANNEL | CONNECT | MANAGE_CHANNELS,
    deny: 0n,
  });

  it('create a custom panel that is visible like its category, and that nobody can join', async () => {
    const member = discord.state.addUser();
    category.overwrites = [
      { id: role.id, type: 0, allow: VIEW_CHANNEL | CONNECT, deny: MANAGE_CHANNELS },
      { id: guildId, type: 0, allow: SEND_MESSAGES, deny: VIEW_CHANNEL },
      { id: discord.state.bot.id, type: 1, allow: VIEW_CHANNEL, deny: CONNECT | SEND_MESSAGES },
      { id: member.id, type: 1, allow: CONNECT, deny: VIEW_CHANNEL },
    ];
    expect((await create('Members only')).status).toBe(200);
    const [channel] = inCategory();
    expect(channel!.overwrites).toEqual([
      { id: guildId, type: 0, allow: SEND_MESSAGES, deny: VIEW_CHANNEL | CONNECT },
      { id: role.id, type: 0, allow: VIEW_CHANNEL, deny: MANAGE_CHANNELS },
      { id: member.id, type: 1, allow: 0n, deny: VIEW_CHANNEL },
      { ...ofTheBot(), deny: SEND_MESSAGES },
    ]);
    expect((await patch({ counter_panel_custom_panels_delete: [channel!.id] })).status).toBe(200);
    expect(inCategory()).toEqual([]);
  });

  it('copy only those permissions of a category that the bot may grant, because Discord refuses others', async () => {
    await openGuild({ botPermissions: ['ViewChannel', 'ManageChannels', 'ManageRoles', 'Connect'] });
    category.overwrites = [
      { id: guildId, type: 0, allow: 0n, deny: VIEW_CHANNEL | SEND_MESSAGES },
      { id: role.id, type: 0, allow: VIEW_CHANNEL | SEND_MESSAGES | MANAGE_ROLES, deny: 0n },
      { id: discord.state.bot.id, type: 1, allow: VIEW_CHANNEL, deny: 0n },
    ];
    expect((await create('Members only')).status).toBe(200);
    expect(inCategory()[0]!.overwrites).toEqual([
      { id: guildId, type: 0, allow: 0n, deny: VIEW_CHANNEL | CONNECT },
      { id: role.id, type: 0, allow: VIEW_CHANNEL, deny: 0n },
      ofTheBot(),
    ]);
  });

  it('create nothing in a category that the bot cannot see', async () => {
    category.overwrites = [{ id: guildId, type: 0, allow: 0n, deny: VIEW_CHANNEL }];
    const answer = await create('Members only');
    expect(answer).toMatchObject(discordError);
    expect(answer.error.message).toContain(`the bot lacks View Channel in channel ${category.id}`);
    expect(inCategory()).toEqual([]);
  });

  it('refuse a custom panel for a role that the guild does not have', async () => {
    const elsewhere = discord.state.addRole({ guildId: discord.state.addGuild().id });
    const panels = [role.id, elsewhere.id, guildId].map((role_id) => ({ channel_name: 'Panel', role_id }));
    const answer = await patch({ counter_panel_custom_panels_create: panels });
    expect([answer.status, answer.error.fields]).toEqual([
      400,
      [
        {
          field: 'counter_panel_custom_panels_create',
          message: `contains roles that this guild does not have: ${elsewhere.id}`,
        },
      ],
    ]);
    expect(inCategory()).toEqual([]);
    expect(await unfinished()).toEqual([]);
  });

  it.each([' ', '\t\n ', '\u00a0\u3000', '\u200b\u200d'])('refuse a custom panel called %j', async (name) => {
    const answer = await create('Admins', name);
    expect([answer.status, fieldsOf(answer)]).toEqual([400, ['counter_panel_custom_panels_create']]);
    expect(inCategory()).toEqual([]);
  });

  it('explain why Discord does not create a channel, with the code of the error', async () => {
    for (let n = discord.state.channelsOf(guildId).length; n < 500; n++) discord.state.addChannel({ guildId });
    const answer = await create('Admins');
    expect(answer).toMatchObject(discordError);
    expect(answer.error.message).toBe(
      `Discord did not accept the request to create the channel "Admins" in channel ${category.id}: ` +
        'the server has 500 channels, the maximum that Discord allows (code 30013)',
    );
  });

  it('say that the bot is not in the guild after a kick, and name no permission', async () => {
    const [panel] = (await create('Admins')).data.counter_panel_custom_panels;
    discord.state.kickBot(guildId);
    const changes = [
      { counter_panel_custom_panels_create: [{ channel_name: 'Helpers', role_id: role.id }] },
      { counter_panel_custom_panels_delete: [panel!.channel_id] },
      { starboard_channel: category.id },
    ];
    for (const change of changes) {
      const answer = await patch(change);
      expect(answer).toMatchObject(discordError);
      expect(answer.error.message).toContain('the bot is not in this guild');
      expect(answer.error.message).not.toContain('lacks');
    }
  });

  it('name only the permission that is missing', async () => {
    const [panel] = (await create('Admins')).data.counter_panel_custom_panels;
    const channel = discord.state.channel(panel!.channel_id);
    channel.overwrites = [{ id: discord.state.bot.id, type: 1, allow: 0n, deny: CONNECT }];
    const deletes = { counter_panel_custom_panels_delete: [channel.id] };
    const refused = `Discord refused to delete the channel ${channel.id}: the bot lacks`;
    expect((await patch(deletes)).error.message).toBe(`${refused} Connect in channel ${channel.id}`);
    for (const [id, { guildId: of }] of discord.state.roles) {
      if (of === guildId) discord.state.roles.get(id)!.permissions &= ~CONNECT;
    }
    expect((await patch(deletes)).error.message).toBe(`${refused} Connect`);
  });

  it('delete the given panels and their channels', async () => {
    const [first, second] = (await create('Admins', 'Helpers')).data.counter_panel_custom_panels;
    const { updated_at } = await settings();
    const answer = await patch({ counter_panel_custom_panels_delete: [first!.channel_id], updated_at });
    expect(answer.data.counter_panel_custom_panels).toEqual([second]);
    expect(inCategory().map(({ id }) => id)).toEqual([second!.channel_id]);
  });

  it('delete a panel whose channel is already deleted', async () => {
    const [panel] = (await create('Admins')).data.counter_panel_custom_panels;
    discord.state.deleteChannel(panel!.channel_id);
    expect((await patch({ counter_panel_custom_panels_delete: [panel!.channel_id] })).status).toBe(200);
    expect(await panelNames()).toEqual([]);
  });

  it('replace panels with one PUT', async () => {
    const [panel] = (await create('Admins')).data.counter_panel_custom_panels;
    const before = await settings();
    const answer = await send('PUT', 'settings', {
      ...before,
      counter_panel_custom_panels_create: [{ channel_name: 'Helpers', role_id: role.id }],
      counter_panel_custom_panels_delete: [panel!.channel_id],
    });
    expect(answer.status).toBe(200);
    expect(await panelNames()).toEqual(['Helpers']);
    expect(inCategory().map(({ name }) => name)).toEqual(['Helpers']);
  });

  it.each([
    ['is not created', 2, { kind: 'status', status: 503 } as const],
    ['is refused', 1, { kind: 'rate_limited', retryAfterMs: 60_000 } as const],
    ['is created without a response', 3, { kind: 'done_but_unknown' } as const],
    ['is created with a truncated response', 1, { kind: 'malformed' } as const],
  ])('stay unchanged if a channel %s', async (_, failing, fault) => {
    const before = await settings();
    const bodies = discord.requestsOf(CREATE).length;
    discord.faults.add(fault, { method: 'POST', path: /channels$/, after: failing - 1 });
    expect(await create('One', 'Two', 'Three')).toMatchObject(discordError);
    expect(discord.requestsOf(CREATE)).toHaveLength(bodies + failing);
    // These are kept to search once more for channels that Discord creates late.
    await database.query('DELETE FROM counter_panel_creations WHERE guild_id = $1 AND channel_id IS NULL', [guildId]);
    await expectUndone(before);
  });

  it('stay unchanged if a channel cannot be deleted, and new channels are deleted', async () => {
    const [panel] = (await create('Admins')).data.counter_panel_custom_panels;
    const before = await settings();
    discord.state.channel(panel!.channel_id).overwrites = [
      { id: discord.state.bot.id, type: 1, allow: 0n, deny: MANAGE_CHANNELS },
    ];
    const answer = await patch({
      counter_panel_custom_panels_create: [{ channel_name: 'Helpers', role_id: role.id }],
      counter_panel_custom_panels_delete: [panel!.channel_id],
      stats_command_usage: true,
    });
    expect(answer).toMatchObject(discordError);
    expect(answer.error.message).toBe(
      `Discord refused to delete the channel ${panel!.channel_id}: the bot lacks Manage Channels in channel ${panel!.channel_id}`,
    );
    expect(inCategory().map(({ id }) => id)).toEqual([panel!.channel_id]);
    expect(await settings()).toEqual(before);
    expect(await unfinished()).toEqual([]);
  });

  it('respond within a minute if Discord hangs, and leave the rest to the ingestion service', async () => {
    const before = await settings();
    const clock = new ManualClock(Date.now());
    const slow = await startQueryInProcess(database.url, discordVariables(), { clock });
    try {
      const hang = (rule: FaultRule) => discord.faults.add({ kind: 'hang' }, rule);
      hang({ method: 'GET', path: /roles$/, times: 3 });
      hang({ method: 'GET', path: new RegExp(`^/channels/${category.id}`) });
      hang({ method: 'POST', path: /channels$/ });
      hang({ method: 'GET', path: /channels$/, after: 1, times: 100 });
      const begun = clock.now();
      let answer: Awaited<ReturnType<typeof patch>> | undefined;
      const panels = { counter_panel_custom_panels_create: [{ channel_name: 'Admins', role_id: role.id }] };
      const sent = slow.client.send<Settings>('PATCH', 'settings', { guild_id: guildId, ...panels });
      sent.then((value) => (answer = value)).catch(() => undefined); // After a failure, the wait below times out.
      // The clock advances only while a request hangs, or while the client pauses before a retry.
      const hanging = () => discord.requests.filter(({ fault }) => fault === 'hang').length;
      let seen = hanging();
      let secondsLeft = 0;
      await waitFor(
        () => {
          if (hanging() > seen) [seen, secondsLeft] = [hanging(), REQUEST_MS / 1_000];
          const pauses = clock.sleeping.some((ms) => ms <= 1_000);
          const hangs = secondsLeft > 0 && clock.sleeping.includes(REQUEST_MS);
          if (!pauses && hangs) secondsLeft--;
          if (pauses || hangs) clock.advance(1_000);
          return answer !== undefined;
        },
        { what: 'the response', intervalMs: 5 },
      );
      expect(answer).toMatchObject(discordError);
      expect(clock.now() - begun).toBeGreaterThan(50_000);
      expect(clock.now() - begun).toBeLessThanOrEqual(61_000);
      expect(await unfinished()).toMatchObject([{ channel_name: 'Admins', is_abandoned: true }]);
      expect(await settings()).toEqual(before);
      const told = slow.log.filter(({ msg }) => String(msg).endsWith('ingestion will retry'));
      expect(told).toMatchObject([{ guild_id: guildId, request_id: expect.any(String) }]);
    } finally {
      await slow.close();
    }
  });

  it('name the permission that is missing to create a channel', async () => {
    await openGuild({ botPermissions: ['ViewChannel', 'ManageRoles', 'Connect'] });
    const answer = await create('Admins');
    expect(answer).toMatchObject(discordError);
    expect(answer.error.message).toContain('the bot lacks Manage Channels');
  });

  it('stay unchanged if the database refuses the change', async () => {
    const before = await settings();
    await database.query(`ALTER TABLE counters ADD CONSTRAINT broken CHECK (channel_name <> 'Broken')`);
    try {
      expect(await create('Fine', 'Broken')).toMatchObject({ status: 503, error: { name: 'DatabaseError' } });
    } finally {
      await database.query('ALTER TABLE counters DROP CONSTRAINT broken');
    }
    expect(discord.requestsOf(CREATE).length).toBeGreaterThanOrEqual(2);
    await expectUndone(before);
  });

  /** Runs `act` while a request waits for Discord. Without a rule, it waits for the creation of a channel. */
  const meanwhile = async (
    request: () => ReturnType<typeof patch>,
    act: () => Promise<unknown>,
    rule: FaultRule = { method: 'POST', path: /channels$/ },
  ) => {
    let release!: () => void;
    const until = new Promise<void>((resolve) => (release = resolve));
    const arrived = new Promise<void>((onArrival) => discord.faults.add({ kind: 'late', until, onArrival }, rule));
    const answer = request();
    await arrived;
    await act();
    release();
    return answer;
  };

  it('hold no lock during requests to Discord', async () => {
    const answer = await meanwhile(
      () => create('Admins'),
      async () => expect((await patch({ stats_command_usage: true })).status).toBe(200),
    );
    expect(answer.status).toBe(200);
    expect(await settings()).toMatchObject({ stats_command_usage: true });
    expect(await panelNames()).toEqual(['Admins']);
  });

  it('delete new channels if the settings have changed meanwhile', async () => {
    const { updated_at } = await settings();
    const panels = { counter_panel_custom_panels_create: [{ channel_name: 'Admins', role_id: role.id }] };
    const stale = await meanwhile(
      () => patch({ ...panels, updated_at }),
      () => patch({ stats_command_usage: true }),
    );
    expect([stale.status, fieldsOf(stale)]).toEqual([400, ['updated_at']]);
    await expectUndone(await settings());

    const other = discord.state.addChannel({ guildId, type: CATEGORY });
    const moved = await meanwhile(
      () => patch(panels),
      () => patch({ counter_panel_category_channel: other.id }),
    );
    expect([moved.status, fieldsOf(moved)]).toEqual([400, ['counter_panel_category_channel']]);
    await expectUndone(await settings());
  });

  it('delete new channels if the guild is disabled or erased meanwhile', async () => {
    const disabled = await meanwhile(
      () => create('Admins'),
      () => send('POST', 'disable'),
    );
    expect(disabled).toMatchObject({ status: 409, error: { name: 'ModuleDisabledError' } });
    expect(inCategory()).toEqual([]);
    await send('POST', 'enable');
    const erased = await meanwhile(
      () => create('Admins'),
      () => send('DELETE', 'settings/delete'),
    );
    expect(erased.status).toBe(409);
    expect(inCategory()).toEqual([]);
    expect(await unfinished()).toEqual([]);
  });

  it('stay unchanged if the request takes so long that others begin to clean up after it', async () => {
    const before = await settings();
    const answer = await meanwhile(
      () => create('Admins'),
      () => database.query('UPDATE counter_panel_creations SET is_abandoned = true WHERE guild_id = $1', [guildId]),
    );
    expect(answer).toMatchObject(discordError);
    await expectUndone(before);
  });

  it('hold at most 50 panels, also with concurrent requests', async () => {
    await database.query(
      `INSERT INTO counters (guild_id, channel_id, type, source, channel_name, role_id)
       SELECT $1, 1300000000000001000 + n, 'online_with_role', 'panel', 'Panel', 7 FROM generate_series(1, 49) AS n`,
      [guildId],
    );
    const another = { guildId, channelId: '1300000000000002000', channelName: 'Panel', roleId: '7' };
    const first = await meanwhile(
      () => create('Admins'),
      () => addCustomPanel(database, another),
    );
    expect([first.status, fieldsOf(first)]).toEqual([400, ['counter_panel_custom_panels_create']]);
    expect((await settings()).counter_panel_custom_panels).toHaveLength(50);
    expect(inCategory()).toEqual([]);
  });

  it('require a category for custom panels', async () => {
    await patch({ counter_panel_enabled: false, counter_panel_category_channel: null });
    const answer = await create('Admins');
    expect([answer.status, fieldsOf(answer)]).toEqual([400, ['counter_panel_category_channel']]);
  });

  const COUNTERS = [
    'counter_panel_member_count_channel',
    'counter_panel_online_member_count_channel',
    'counter_panel_server_boost_number_channel',
  ];

  it('accept channels of the category, and release them without deleting them', async () => {
    const channels = COUNTERS.map((field) => [
      field,
      discord.state.addChannel({ guildId, parentId: category.id, type: VOICE }).id,
    ]);
    const taken = await patch(Object.fromEntries(channels) as Record<string, string>);
    expect(taken).toMatchObject({ status: 200, data: Object.fromEntries(channels) as object });
    expect(taken.data.counter_panel_status).toEqual(
      channels.map(([, id], index) => ({
        panel: ['member_count', 'online_member_count', 'server_boost_number'][index],
        channel_id: id,
        last_value: null,
        last_update_at: null,
        next_update_at: expect.any(String),
        last_error: null,
      })),
    );
    const none = Object.fromEntries(COUNTERS.map((field) => [field, null]));
    expect((await patch({ ...none, counter_panel_enabled: false })).status).toBe(200);
    expect(inCategory()).toHaveLength(3);
    expect(
      discord.requests.filter(({ method, path }) => method === 'DELETE' && path.includes(channels[0]![1]!)),
    ).toEqual([]);
  });

  it.each([...COUNTERS, 'counter_panel_category_channel', 'starboard_channel'])(
    'refuse a %s of another guild or of the wrong type',
    async (field) => {
      const before = await settings();
      const elsewhere = discord.state.addChannel({ guildId: discord.state.addGuild().id, type: VOICE });
      const wrong = field.includes('category')
        ? discord.state.addChannel({ guildId, type: VOICE })
        : discord.state.addChannel({ guildId, type: CATEGORY });
      for (const id of [elsewhere.id, wrong.id, '1300000000000000009']) {
        const answer = await patch({ [field]: id });
        expect([id, answer.status, fieldsOf(answer)]).toEqual([id, 400, [field]]);
      }
      expect(await settings()).toEqual(before);
    },
  );

  it('distinguish a channel that the bot cannot see from one that does not exist', async () => {
    const hidden = discord.state.addChannel({ guildId, parentId: category.id, type: VOICE });
    discord.state.denyBot(hidden.id, 'ViewChannel');
    const elsewhere = discord.state.addChannel({ guildId: discord.state.addGuild().id, type: VOICE });
    const answer = await patch({
      counter_panel_member_count_channel: hidden.id,
      counter_panel_online_member_count_channel: '1300000000000000009',
      counter_panel_server_boost_number_channel: elsewhere.id,
    });
    expect([answer.status, answer.error.fields]).toEqual([
      400,
      [
        { field: 'counter_panel_member_count_channel', message: CANNOT_BE_SEEN },
        {
          field: 'counter_panel_online_member_count_channel',
          message: 'must be a channel of this guild: Discord has no channel with this id',
        },
        { field: 'counter_panel_server_boost_number_channel', message: 'must be a channel of this guild' },
      ],
    ]);
  });

  it('refuse a counter outside of the category, and a new category that does not contain the counters', async () => {
    const outside = discord.state.addChannel({ guildId, type: VOICE });
    const answer = await patch({ counter_panel_member_count_channel: outside.id });
    expect([answer.status, fieldsOf(answer)]).toEqual([400, ['counter_panel_member_count_channel']]);
    const inside = discord.state.addChannel({ guildId, type: VOICE, parentId: category.id });
    await patch({ counter_panel_member_count_channel: inside.id });
    const other = discord.state.addChannel({ guildId, type: CATEGORY });
    const moved = await patch({ counter_panel_category_channel: other.id });
    expect([moved.status, fieldsOf(moved)]).toEqual([400, ['counter_panel_member_count_channel']]);
  });

  it('accept a thread of the guild as the starboard if the bot can see it', async () => {
    const add = (ofGuild: string, type: number, parentId?: string) =>
      discord.state.addChannel({ guildId: ofGuild, type, ...(parentId && { parentId }) });
    const thread = add(guildId, 11, add(guildId, 0).id);
    const answer = await patch({ starboard_channel: thread.id });
    expect(answer).toMatchObject({ status: 200, data: { starboard_channel: thread.id } });

    const hiding = add(guildId, 0);
    discord.state.denyBot(hiding.id, 'ViewChannel');
    const otherGuild = discord.state.addGuild().id;
    const wrong: [StoredChannel, string][] = [
      [add(guildId, 12, hiding.id), CANNOT_BE_SEEN],
      [add(otherGuild, 11, add(otherGuild, 0).id), 'must be a channel of this guild'],
    ];
    for (const [{ id }, message] of wrong) {
      const refused = await patch({ starboard_channel: id });
      expect([refused.status, refused.error.fields]).toEqual([400, [{ field: 'starboard_channel', message }]]);
    }
    discord.faults.add({ kind: 'status', status: 503 }, { path: /^\/channels/, times: 10 });
    expect(await patch({ starboard_channel: add(guildId, 11, hiding.id).id })).toMatchObject(discordError);
    expect(await settings()).toMatchObject({ starboard_channel: thread.id });
  });

  it('refuse a thread as a counter, even if the same change names it as the starboard', async () => {
    guildId = discord.state.addGuild().id; // without a category, in which no thread can be
    await send('POST', 'enable');
    const parentId = discord.state.addChannel({ guildId, type: 0 }).id;
    const { id } = discord.state.addChannel({ guildId, type: 11, parentId });
    const counter = { counter_panel_member_count_channel: id };
    for (const change of [counter, { ...counter, starboard_channel: id }]) {
      const refused = await patch(change);
      expect([refused.status, fieldsOf(refused)]).toEqual([400, ['counter_panel_member_count_channel']]);
    }
  });

  it('explain a channel that is set for several counters', async () => {
    const { id } = discord.state.addChannel({ guildId, type: VOICE, parentId: category.id });
    const answer = await patch({
      counter_panel_online_member_count_channel: id,
      counter_panel_server_boost_number_channel: id,
    });
    expect(answer.status).toBe(200);
    await database.query(
      `INSERT INTO counter_panel_channels (guild_id, channel_id, shown_name, shown_at, attempts)
       VALUES ($1, $2, 'Online: 4', now(), 0)`,
      [guildId, id],
    );
    const { counter_panel_status } = await settings();
    expect(counter_panel_status).toMatchObject([
      { panel: 'online_member_count', last_value: 'Online: 4', last_error: null },
      {
        panel: 'server_boost_number',
        last_value: null,
        last_update_at: null,
        next_update_at: null,
        last_error: expect.stringContaining('already shows another counter'),
      },
    ]);
  });

  it('remove the channel of a deleted custom panel from all other settings', async () => {
    const [panel, other] = (await create('Admins', 'Helpers')).data.counter_panel_custom_panels;
    const named = {
      counter_panel_member_count_channel: panel!.channel_id,
      counter_panel_server_boost_number_channel: other!.channel_id,
      starboard_channel: panel!.channel_id,
    };
    expect((await patch(named)).status).toBe(200);
    const before = await settings();
    const deletes = { counter_panel_custom_panels_create: [], counter_panel_custom_panels_delete: [panel!.channel_id] };
    const refused = await send('PUT', 'settings', { ...before, ...deletes });
    expect([refused.status, fieldsOf(refused)]).toEqual([
      400,
      ['counter_panel_member_count_channel', 'starboard_channel'],
    ]);
    expect(discord.state.channels.has(panel!.channel_id)).toBe(true);
    expect(await settings()).toEqual(before);

    const answer = await patch({ ...deletes, updated_at: before.updated_at });
    expect(answer).toMatchObject({
      status: 200,
      data: { ...named, counter_panel_member_count_channel: null, starboard_channel: null },
    });
    expect(await panelNames()).toEqual(['Helpers']);
    expect(await settings()).toEqual(answer.data);
  });

  it('do not report a conflict if the bot reports the channel that the change deletes', async () => {
    const [panel] = (await create('Admins')).data.counter_panel_custom_panels;
    await patch({ counter_panel_member_count_channel: panel!.channel_id });
    const { updated_at } = await settings();
    const answer = await meanwhile(
      () => patch({ counter_panel_custom_panels_delete: [panel!.channel_id], updated_at }),
      async () => {
        await database.query('DELETE FROM counters WHERE guild_id = $1', [guildId]);
        await database.query(
          `UPDATE guild_settings SET updated_at = updated_at + interval '1 second' WHERE guild_id = $1`,
          [guildId],
        );
      },
      { method: 'DELETE' },
    );
    expect(answer).toMatchObject({ status: 200, data: { counter_panel_member_count_channel: null } });
  });

  it('answer DiscordApiInteractionError during an outage of Discord, which they need only for new values', async () => {
    const channel = discord.state.addChannel({ guildId, type: VOICE, parentId: category.id });
    await patch({ counter_panel_member_count_channel: channel.id });
    const before = await settings();
    discord.faults.add({ kind: 'status', status: 503 }, { times: 1_000 });
    const other = discord.state.addChannel({ guildId, type: VOICE, parentId: category.id });
    expect(await patch({ counter_panel_member_count_channel: other.id })).toMatchObject(discordError);
    const same = await send('PUT', 'settings', {
      ...before,
      counter_panel_custom_panels_create: [],
      counter_panel_custom_panels_delete: [],
    });
    expect(same.status).toBe(200);
  });

  it('are erased with the channels of custom panels, but without those of admins', async () => {
    const admins = discord.state.addChannel({ guildId, type: VOICE, parentId: category.id });
    await patch({ counter_panel_member_count_channel: admins.id });
    await create('One', 'Two');
    expect(await send('DELETE', 'settings/delete')).toMatchObject({ status: 200 });
    expect(inCategory().map(({ id }) => id)).toEqual([admins.id]);
    for (const table of ['counter_panel_refreshes', 'counter_panel_channels', 'counter_panel_creations']) {
      expect(await database.query(`SELECT 1 FROM ${table} WHERE guild_id = $1`, [guildId])).toEqual([]);
    }
  });

  it('are erased even if Discord does not answer', async () => {
    await create('One');
    discord.faults.add({ kind: 'status', status: 503 }, { method: 'DELETE', times: 100 });
    expect(await send('DELETE', 'settings/delete')).toMatchObject({ status: 200 });
    expect(await query.client.get('status', { guild_id: guildId })).toMatchObject({ data: { enabled: false } });
  });

  it('make a refresh of the counters due when panels change', async () => {
    const due = async () => {
      const rows = await database.query<{ due_at: Date }>(
        'SELECT due_at FROM counter_panel_refreshes WHERE guild_id = $1',
        [guildId],
      );
      return rows[0]?.due_at.getTime() ?? Infinity;
    };
    await database.query(`UPDATE counter_panel_refreshes SET due_at = 'tomorrow' WHERE guild_id = $1`, [guildId]);
    await patch({ stats_command_usage: true });
    expect(await due()).toBeGreaterThan(Date.now());
    await create('Admins');
    expect(await due()).toBeLessThanOrEqual(Date.now());
  });

  it('accept a PUT with all fields at once', async () => {
    const channel = () => discord.state.addChannel({ guildId, type: VOICE, parentId: category.id }).id;
    const starboard = discord.state.addChannel({ guildId });
    const body = allSettings(guildId, {
      counter_panel_enabled: true,
      counter_panel_category_channel: category.id,
      counter_panel_member_count_channel: channel(),
      counter_panel_online_member_count_channel: channel(),
      counter_panel_server_boost_number_channel: channel(),
      counter_panel_custom_panels_create: [{ channel_name: 'Admins', role_id: role.id }],
      starboard_enabled: true,
      starboard_channel: starboard.id,
      starboard_count: 3,
    });
    const { status, data } = await send('PUT', 'settings', body);
    expect(status).toBe(200);
    expect(data.counter_panel_status.map(({ panel }) => panel)).toEqual([
      'member_count',
      'online_member_count',
      'server_boost_number',
      'custom',
    ]);
    await waitFor(async () => (await unfinished()).length === 0, { what: 'all creations to be finished' });
  });
});
