import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { MINUTE_MS, PanelsSystem, type GuildWithPanels } from './panels-system.js';

const ROLE = '1300000000000000001';
const RENAMES = 'PATCH /channels/{channel_id}';

describe('counter panels', () => {
  let database: TestDatabase;
  let system: PanelsSystem;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.release());

  beforeEach(async () => {
    system = await PanelsSystem.on(database);
    await system.addWorker();
  });
  afterEach(() => system.close());

  const names = ({ members, online, boosts }: GuildWithPanels) =>
    [members, online, boosts].map((channel) => system.name(channel));
  const statuses = () => system.discord.requestsOf(RENAMES).map(({ status }) => status);

  it("show Discord's approximate counts while there is no snapshot", async () => {
    const guild = await system.addGuild();
    Object.assign(system.discord.state.guild(guild.id), {
      memberCount: 1_200,
      presenceCount: 77,
      premiumSubscriptionCount: 3,
    });
    await system.refresh(guild.id);
    expect(names(guild)).toEqual(['Members: 1200', 'Online: 77', 'Boosts: 3']);
  });

  it('show the snapshot that occurred last, even if it was stored first, without asking Discord for counts', async () => {
    const guild = await system.addGuild();
    const panel = await system.addPanel(guild, 'Admins', ROLE);
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2, roles: { [ROLE]: 1 } });
    await system.addSnapshot(guild.id, { members: 50, online: 40, boosts: 20, roles: { [ROLE]: 10 } }, 20);
    await system.refresh(guild.id);
    expect([...names(guild), system.name(panel)]).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2', 'Admins: 1']);
    expect(system.discord.requestsOf('GET /guilds/{guild_id}')).toEqual([]);
  });

  it('keep the name while a count is missing, and explain it', async () => {
    const guild = await system.addGuild();
    const panel = await system.addPanel(guild, 'Admins', ROLE);
    const before = system.name(panel);
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 0 });
    await system.refresh(guild.id);
    expect([...names(guild), system.name(panel)]).toEqual(['Members: 5', 'Online: 4', 'Boosts: 0', before]);
    expect((await system.known(panel))?.last_error).toContain(ROLE);
  });

  it('use a snapshot for an hour, then the counts of Discord, and explain counts that Discord does not have', async () => {
    const guild = await system.addGuild();
    const panel = await system.addPanel(guild, 'Admins', ROLE);
    Object.assign(system.discord.state.guild(guild.id), { memberCount: 1_200, presenceCount: 77 });
    const snapshot = { members: 5, online: 4, boosts: 2, roles: { [ROLE]: 1 } };
    await system.addSnapshot(guild.id, snapshot);
    const occurredAt = new Date(system.clock.now()).toISOString();
    system.clock.advance(60 * MINUTE_MS);
    await system.refresh(guild.id);
    expect([...names(guild), system.name(panel)]).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2', 'Admins: 1']);
    await system.pass(15);
    expect([...names(guild), system.name(panel)]).toEqual(['Members: 1200', 'Online: 77', 'Boosts: 0', 'Admins: 1']);
    expect((await system.known(panel))?.last_error).toBe(
      `The last guild.snapshot is of ${occurredAt}, which is too old to tell how many members with the role ${ROLE} are online`,
    );
    await system.addSnapshot(guild.id, snapshot);
    await system.pass(11);
    expect([...names(guild), system.name(panel)]).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2', 'Admins: 1']);
    expect((await system.known(panel))?.last_error).toBeNull();
  });

  it('show a snapshot that an instance of the previous version stored', async () => {
    const guild = await system.addGuild();
    const panel = await system.addPanel(guild, 'Admins', ROLE);
    await database.query(
      `INSERT INTO guild_snapshots (guild_id, bucket, occurred_at, member_count, online_member_count,
         server_boost_count, online_role_member_counts)
       VALUES ($1, date_bin('15 minutes', $2::timestamptz, 'epoch'), $2, 5, 4, 2, $3)`,
      [guild.id, new Date(system.clock.now()), { [ROLE]: 1 }],
    );
    await system.refresh(guild.id);
    expect([...names(guild), system.name(panel)]).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2', 'Admins: 1']);
  });

  it('cut a name of emoji to 100 characters, but never the count', async () => {
    const guild = await system.addGuild();
    const panel = await system.addPanel(guild, '🦊'.repeat(100), ROLE);
    await system.addSnapshot(guild.id, { roles: { [ROLE]: 2_147_483_647 } });
    await system.refresh(guild.id);
    expect(system.name(panel)).toBe(`${'🦊'.repeat(88)}: 2147483647`);
  });

  it('send a name only when it changes', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    await system.refresh(guild.id);
    await system.addSnapshot(guild.id, { members: 6, online: 4, boosts: 2 });
    await system.pass(60);
    expect(names(guild)).toEqual(['Members: 6', 'Online: 4', 'Boosts: 2']);
    expect(statuses()).toEqual([200, 200, 200, 200]);
  });

  it('are refreshed every ten minutes without a request', async () => {
    const guild = await system.addGuild();
    for (let members = 1; members <= 6; members++) {
      await system.addSnapshot(guild.id, { members, online: 4, boosts: 2 });
      await system.pass(11);
      expect(system.name(guild.members)).toBe(`Members: ${members}`);
    }
  });

  it('are renamed at most twice in ten minutes, and then get the newest count', async () => {
    const guild = await system.addGuild();
    for (let members = 1; members <= 9; members++) {
      await system.addSnapshot(guild.id, { members, online: 4, boosts: 2 });
      await system.refresh(guild.id);
      system.clock.advance(MINUTE_MS / 2);
    }
    expect(system.name(guild.members)).toBe('Members: 2');
    await system.pass(10);
    expect(system.name(guild.members)).toBe('Members: 9');
    const sent = system.discord.requestsOf(RENAMES).filter(({ path }) => path.endsWith(guild.members.id));
    expect(sent.map(({ json }) => json?.name)).toEqual(['Members: 1', 'Members: 2', 'Members: 9']);
    expect(statuses()).not.toContain(429);
  });

  it('are renamed again after a rename without a response, even if the count has returned to the old one', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 10, online: 1, boosts: 1 });
    await system.refresh(guild.id);
    system.clock.advance(11 * MINUTE_MS);
    await system.addSnapshot(guild.id, { members: 11, online: 1, boosts: 1 });
    const ofMembers = { method: 'PATCH', path: new RegExp(guild.members.id) };
    system.discord.faults.add({ kind: 'done_but_unknown' }, ofMembers);
    await system.untilSettled(system.refresh(guild.id));
    expect(system.name(guild.members)).toBe('Members: 11');
    await system.addSnapshot(guild.id, { members: 10, online: 1, boosts: 1 });
    system.clock.advance(11 * MINUTE_MS);
    await system.untilSettled(system.refresh(guild.id));
    expect(system.name(guild.members)).toBe('Members: 10');
  });

  it('are not renamed again immediately after a rename without a response', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 10, online: 1, boosts: 1 });
    const ofMembers = { method: 'PATCH', path: new RegExp(guild.members.id), times: 4 };
    system.discord.faults.add({ kind: 'done_but_unknown' }, ofMembers);
    await system.untilSettled(system.refresh(guild.id));
    const sent = system.discord.requestsOf(RENAMES).filter(({ path }) => path.endsWith(guild.members.id));
    expect(sent).toHaveLength(1);
  });

  it('stay within the limit after a restart', async () => {
    const guild = await system.addGuild();
    for (const members of [1, 2]) {
      await system.addSnapshot(guild.id, { members, online: 4, boosts: 2 });
      await system.refresh(guild.id);
    }
    const restarted = await system.addWorker();
    await system.addSnapshot(guild.id, { members: 3, online: 4, boosts: 2 });
    await restarted.request(guild.id);
    await restarted.runDue();
    expect(system.name(guild.members)).toBe('Members: 2');
    await system.pass(10);
    expect(system.name(guild.members)).toBe('Members: 3');
    expect(statuses()).not.toContain(429);
  });

  it('wait as long as Discord says when another client has used up the limit', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 1, online: 4, boosts: 2 });
    for (let i = 0; i < 2; i++) system.discord.limits.countRename(guild.members.id);
    await system.refresh(guild.id);
    expect(names(guild).slice(1)).toEqual(['Online: 4', 'Boosts: 2']);
    expect((await system.known(guild.members))?.last_error).toContain('too many requests');
    await system.pass(9);
    expect(statuses().filter((status) => status === 429)).toHaveLength(1);
    await system.pass(2);
    expect(system.name(guild.members)).toBe('Members: 1');
    expect((await system.known(guild.members))?.last_error).toBeNull();
  });

  it('remove a channel that Discord does not know from the settings', async () => {
    const guild = await system.addGuild();
    const panel = await system.addPanel(guild, 'Admins', ROLE);
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2, roles: { [ROLE]: 1 } });
    for (const { id } of [guild.online, panel]) system.discord.state.deleteChannel(id);
    await system.refresh(guild.id);
    expect(await system.settings(guild.id)).toMatchObject({ counter_panel_enabled: true });
    expect(await system.counters(guild.id)).toEqual({ members: guild.members.id, boosts: guild.boosts.id });
    expect(system.name(guild.boosts)).toBe('Boosts: 2');
    const asked = system.discord.requests.length;
    await system.pass(30);
    expect(system.discord.requests).toHaveLength(asked);
  });

  it('name the missing permission, retry after growing pauses, and recover by themselves', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    system.discord.state.denyBot(guild.members.id, 'ManageChannels');
    await system.refresh(guild.id);
    expect((await system.known(guild.members))?.last_error).toBe(
      `Discord refused to rename the channel: the bot lacks Manage Channels in channel ${guild.members.id}`,
    );
    expect(names(guild).slice(1)).toEqual(['Online: 4', 'Boosts: 2']);
    await system.pass(6 * 60);
    const refused = statuses().filter((status) => status === 403).length;
    expect(refused).toBeGreaterThanOrEqual(4);
    expect(refused).toBeLessThanOrEqual(8);
    system.discord.state.channel(guild.members.id).overwrites = [];
    await system.pass(4 * 60 - 30);
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    await system.pass(30);
    expect(system.name(guild.members)).toBe('Members: 5');
    expect((await system.known(guild.members))?.last_error).toBeNull();
  });

  it('retry at once after a requested refresh, because the permission may have been granted', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    system.discord.state.denyBot(guild.members.id, 'Connect');
    await system.refresh(guild.id);
    expect((await system.known(guild.members))?.last_error).toContain('Connect');
    system.discord.state.channel(guild.members.id).overwrites = [];
    await system.refresh(guild.id);
    expect(system.name(guild.members)).toBe('Members: 5');
  });

  it('stop after the first refused rename in a guild where the bot has no permissions', async () => {
    const guild = await system.addGuild([]);
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    await system.refresh(guild.id);
    expect(statuses()).toEqual([403]);
    for (const channel of [guild.members, guild.online, guild.boosts]) {
      expect((await system.known(channel))?.last_error).toContain('lacks View Channel');
    }
  });

  it('name only the permission that is missing', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    const { state } = system.discord;
    state.denyBot(guild.members.id, 'Connect');
    state.denyBot(guild.online.id, 'ViewChannel');
    await system.refresh(guild.id);
    const errors = [guild.members, guild.online].map(async (channel) => (await system.known(channel))?.last_error);
    expect(await Promise.all(errors)).toEqual([
      `Discord refused to rename the channel: the bot lacks Connect in channel ${guild.members.id}`,
      `Discord refused to rename the channel: the bot lacks View Channel in channel ${guild.online.id}`,
    ]);
    expect(system.name(guild.boosts)).toBe('Boosts: 2');
  });

  it.each([
    [
      400,
      200000,
      "Discord did not accept the request to rename the channel in channel %: the server's AutoMod blocks it",
    ],
    [403, 60003, 'Discord refused to rename the channel in channel %: the server requires two-factor authentication'],
    [400, 30099, 'Discord did not accept the request to rename the channel in channel %: In the words of Discord'],
  ] as const)('explain why Discord refuses a name (%d, %d)', async (status, code, sentence) => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    const path = new RegExp(guild.members.id);
    system.discord.faults.add({ kind: 'refused', status, code, message: 'In the words of Discord' }, { path });
    await system.refresh(guild.id);
    const error = (await system.known(guild.members))?.last_error;
    expect(error).toContain(sentence.replace('%', guild.members.id));
    expect(error).toContain(`(code ${code})`);
    expect(names(guild).slice(1)).toEqual(['Online: 4', 'Boosts: 2']);
  });

  it('say that the bot is not in the guild after a kick, and try only one rename', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    system.discord.state.kickBot(guild.id);
    await system.refresh(guild.id);
    expect(statuses()).toEqual([403]);
    for (const channel of [guild.members, guild.online, guild.boosts]) {
      expect((await system.known(channel))?.last_error).toBe(
        'Discord refused to rename the channel: the bot is not in this guild (any more)',
      );
    }
  });

  it('remove a deleted channel from the settings, and keep channels that the bot cannot see', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    system.discord.state.denyBot(guild.members.id, 'ViewChannel');
    system.discord.state.deleteChannel(guild.online.id);
    await system.refresh(guild.id);
    expect(await system.counters(guild.id)).toEqual({ members: guild.members.id, boosts: guild.boosts.id });
  });

  it('request the counts of a guild that the bot has left ever less often, or after a requested refresh', async () => {
    const guild = await system.addGuild();
    const bringBack = system.discord.state.kickBot(guild.id);
    const requests = () => system.discord.requests.length;
    await system.refresh(guild.id);
    expect(requests()).toBe(1);
    for (const channel of [guild.members, guild.online, guild.boosts]) {
      const { last_error, paused_until } = (await system.known(channel))!;
      expect(last_error).toBe(
        'Discord could not read the counts of the server: the bot is not in this guild (any more)',
      );
      expect(paused_until!.getTime()).toBeGreaterThanOrEqual(system.clock.now() + 9 * MINUTE_MS);
    }
    await system.pass(6 * 60);
    expect(requests()).toBeGreaterThanOrEqual(4);
    expect(requests()).toBeLessThanOrEqual(7);
    bringBack();
    await system.refresh(guild.id);
    expect(names(guild)).toEqual(['Members: 100', 'Online: 10', 'Boosts: 0']);
  });

  it('show a snapshot at the next refresh, even if Discord gave no counts for hours', async () => {
    const guild = await system.addGuild();
    const bringBack = system.discord.state.kickBot(guild.id);
    await system.pass(6 * 60, 10 * MINUTE_MS);
    bringBack();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    await system.pass(10);
    expect(names(guild)).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2']);
    expect((await system.known(guild.members))?.last_error).toBeNull();
  });

  it('pause after a refused rename, even if the counts could not be read before', async () => {
    const guild = await system.addGuild();
    system.discord.faults.add({ kind: 'status', status: 503 }, { method: 'GET', times: 4 });
    await system.untilSettled(system.refresh(guild.id));
    expect((await system.known(guild.members))?.last_error).toContain('read the counts');
    system.discord.state.denyBot(guild.members.id, 'ManageChannels');
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    await system.pass(60);
    const refused = statuses().filter((status) => status === 403).length;
    expect(refused).toBeGreaterThanOrEqual(1);
    expect(refused).toBeLessThanOrEqual(4);
  });

  it('are renamed to the counts of a snapshot while Discord gives no counts', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { boosts: 2 });
    const path = new RegExp(`guilds/${guild.id}$`);
    system.discord.faults.add({ kind: 'rate_limited', retryAfterMs: 20 * MINUTE_MS }, { path });
    await system.refresh(guild.id);
    expect(system.name(guild.boosts)).toBe('Boosts: 2');
    expect((await system.known(guild.members))?.last_error).toContain('too many requests');
    await system.pass(19);
    expect(system.discord.requestsOf('GET /guilds/{guild_id}')).toHaveLength(1);
    await system.pass(2);
    expect(names(guild)).toEqual(['Members: 100', 'Online: 10', 'Boosts: 2']);
  });

  it('are refreshed in other guilds while Discord does not answer for one', async () => {
    const [blocked, other] = [await system.addGuild(), await system.addGuild()];
    for (const { id } of [blocked, other]) await system.addSnapshot(id, { members: 5, online: 4, boosts: 2 });
    const path = new RegExp(blocked.members.id);
    system.discord.faults.add({ kind: 'hang' }, { path, times: 1_000 });
    const [worker] = system.workers;
    await worker!.request(blocked.id);
    const hanging = worker!.runDue();
    await waitFor(() => system.discord.requests.some(({ fault }) => fault === 'hang'), { what: 'a hanging request' });
    await system.refresh(other.id);
    expect(names(other)).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2']);
    expect(system.name(blocked.online)).not.toBe('Online: 4');
    await system.untilSettled(hanging);
    system.discord.faults.clear();
    await system.pass(15);
    expect(names(blocked)).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2']);
  });

  /** Starts a refresh, and delays its first rename until `act` has finished. */
  const whileRenaming = async (guild: GuildWithPanels, act: () => Promise<void>, path?: RegExp) => {
    let release!: () => void;
    const until = new Promise<void>((resolve) => (release = resolve));
    const arrived = new Promise<void>((onArrival) =>
      system.discord.faults.add({ kind: 'late', until, onArrival }, { method: 'PATCH', path }),
    );
    const refresh = system.refresh(guild.id);
    await arrived;
    await act();
    release();
    await refresh;
  };

  it('are refreshed by one instance at a time, and once more afterwards if that is requested meanwhile', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    const other = await system.addWorker();
    await whileRenaming(guild, async () => {
      await system.addSnapshot(guild.id, { members: 6, online: 4, boosts: 2 });
      await other.request(guild.id);
      await other.runDue();
      expect(system.discord.requestsOf(RENAMES)).toHaveLength(1);
    });
    expect(names(guild)).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2']);
    await other.runDue();
    expect(names(guild)).toEqual(['Members: 6', 'Online: 4', 'Boosts: 2']);
  });

  it('rename a rate-limited channel after the wait, even if it ends while the others are still renamed', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    const path = new RegExp(guild.members.id);
    system.discord.faults.add({ kind: 'rate_limited', retryAfterMs: 6_000 }, { method: 'PATCH', path });
    await whileRenaming(guild, async () => system.clock.advance(8_000), new RegExp(guild.online.id));
    await system.workers[0]!.runDue();
    expect(names(guild)).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2']);
  });

  it('leave no rows when the guild is erased during a refresh', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    await whileRenaming(guild, async () => {
      for (const table of ['guild_settings', 'counter_panel_refreshes', 'counter_panel_channels']) {
        await system.database.query(`DELETE FROM ${table}`);
      }
    });
    for (const table of ['counter_panel_refreshes', 'counter_panel_channels']) {
      expect(await system.database.query(`SELECT 1 FROM ${table}`)).toEqual([]);
    }
  });

  it('recover from an outage of Discord', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    system.discord.faults.add({ kind: 'status', status: 503 }, { times: 1_000 });
    await system.untilSettled(system.refresh(guild.id));
    expect(statuses()).toEqual([503]);
    expect((await system.known(guild.members))?.last_error).toContain('did not answer');
    for (const untried of [guild.online, guild.boosts]) {
      expect(await system.known(untried)).toMatchObject({ last_error: null, paused_until: null });
    }
    system.discord.faults.clear();
    await system.pass(15);
    expect(names(guild)).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2']);
  });

  it('send ever fewer requests in a long outage, independent of the number of counters in the guild', async () => {
    const guild = await system.addGuild();
    const roles = Array.from({ length: 20 }, (_, index) => String(BigInt(ROLE) + BigInt(index)));
    for (const role of roles) await system.addPanel(guild, 'Role', role);
    const counts = { members: 5, online: 4, boosts: 2, roles: Object.fromEntries(roles.map((role) => [role, 1])) };
    system.discord.faults.add({ kind: 'status', status: 503 }, { times: 1_000 });
    const requestsByHour: number[] = [];
    for (let hour = 0; hour < 3; hour++) {
      const before = statuses().length;
      for (let half = 0; half < 2; half++) {
        await system.addSnapshot(guild.id, counts);
        await system.pass(30, MINUTE_MS / 4);
      }
      requestsByHour.push(statuses().length - before);
    }
    expect(requestsByHour[0]).toBeLessThanOrEqual(18);
    expect(requestsByHour.slice(1).every((requests) => requests >= 5 && requests <= 15)).toBe(true);
    system.discord.faults.clear();
    await system.addSnapshot(guild.id, counts);
    await system.pass(22);
    expect(names(guild)).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2']);
  });

  it('are renamed even if Discord always fails for one of the guild', async () => {
    const guild = await system.addGuild();
    const path = new RegExp(guild.members.id);
    system.discord.faults.add({ kind: 'status', status: 500 }, { method: 'PATCH', path, times: 1_000 });
    for (let online = 1; online <= 6; online++) {
      await system.addSnapshot(guild.id, { members: online, online, boosts: online });
      await system.pass(12);
      expect(names(guild).slice(1)).toEqual([`Online: ${online}`, `Boosts: ${online}`]);
    }
    expect((await system.known(guild.members))?.last_error).toContain('did not answer');
    for (const other of [guild.online, guild.boosts]) {
      expect(await system.known(other)).toMatchObject({ last_error: null, paused_until: null });
    }
    expect(statuses().filter((status) => status === 500).length).toBeLessThanOrEqual(14);
    system.discord.faults.clear();
    await system.pass(12);
    expect(system.name(guild.members)).toBe('Members: 6');
  });

  it('retry every few minutes while Discord does not accept the token, explain it, and recover by themselves', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    system.discord.faults.add({ kind: 'unauthorized' }, { times: 1_000 });
    await system.refresh(guild.id);
    await system.pass(30);
    expect(system.discord.requests.length).toBeGreaterThanOrEqual(3);
    expect(system.discord.requests.length).toBeLessThanOrEqual(7);
    expect((await system.known(guild.online))?.last_error).toContain("does not accept the bot's token");
    system.discord.faults.clear();
    await system.pass(11);
    expect(names(guild)).toEqual(['Members: 5', 'Online: 4', 'Boosts: 2']);
    expect((await system.known(guild.online))?.last_error).toBeNull();
  });

  it('are not renamed while they are switched off, and get the current name once they are on again', async () => {
    const guild = await system.addGuild();
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    await system.refresh(guild.id);
    const set = (enabled: boolean) =>
      system.database.query('UPDATE guild_settings SET counter_panel_enabled = $1', [enabled]);
    await set(false);
    await system.pass(30);
    system.discord.state.channel(guild.members.id).name = 'closed';
    const renames = statuses().length;
    await system.pass(30);
    expect(statuses()).toHaveLength(renames);
    await system.addSnapshot(guild.id, { members: 5, online: 4, boosts: 2 });
    await set(true);
    await system.pass(12);
    expect(system.name(guild.members)).toBe('Members: 5');
  });

  it('are refreshed in all guilds by one event', async () => {
    const guilds = [await system.addGuild(), await system.addGuild(), await system.addGuild()];
    for (const { id } of guilds) await system.addSnapshot(id, { members: 8, online: 4, boosts: 2 });
    const [worker] = system.workers;
    await worker!.request(undefined);
    await worker!.runDue();
    expect(guilds.map(({ members }) => system.name(members))).toEqual(['Members: 8', 'Members: 8', 'Members: 8']);
  });
});
