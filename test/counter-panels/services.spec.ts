import { randomUUID } from 'node:crypto';
import type { RunningService } from '#libs/observability';
import { DiscordDouble, type StoredChannel } from '../doubles/discord/index.js';
import { ManualClock } from '../doubles/manual-clock.js';
import type { ApiClient } from '../harness/api-client.js';
import { startServicesInProcess, type ServicesInProcess } from '../harness/services-in-process.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const CATEGORY = 4;
const VOICE = 2;
const ROLE = '1300000000000000001';

interface Status {
  panel: string;
  last_value: string | null;
  last_update_at: string | null;
  next_update_at: string | null;
  last_error: string | null;
}

describe('both services with counter panels', () => {
  let database: TestDatabase;
  let discord: DiscordDouble;
  let clock: ManualClock;
  let services: ServicesInProcess;
  let ingestion: RunningService;
  let query: RunningService;
  let api: ApiClient;
  let guildId: string;
  let category: StoredChannel;

  const start = async (env: Record<string, string>) => {
    database = await createTestDatabase();
    clock = new ManualClock(Date.now());
    discord = await DiscordDouble.start({ clock });
    services = await startServicesInProcess({ database, discord, clock, env });
    ({ api, ingestion, query } = services);
    guildId = discord.state.addGuild({ memberCount: 12 }).id;
    discord.state.addRole({ id: ROLE, guildId });
    category = discord.state.addChannel({ guildId, type: CATEGORY });
    await send('POST', 'enable');
  };
  afterEach(async () => {
    await services.close();
    await discord.close();
    await database.release();
    if (discord.violations.length > 0) throw new Error(discord.violations.join('\n'));
  });

  const send = (method: string, path: string, body: Record<string, unknown> = {}) =>
    api.send<Record<string, unknown>>(method, path, { guild_id: guildId, ...body });
  const addVoice = () => discord.state.addChannel({ guildId, type: VOICE, parentId: category.id });
  const statusOf = async (panel: string) => {
    const { data } = await api.get<{ counter_panel_status: Status[] }>('settings', { guild_id: guildId });
    return data.counter_panel_status.find((status) => status.panel === panel);
  };
  /** Moves the time of the services, and of due refreshes in the database. */
  const advance = async (ms: number) => {
    clock.advance(ms);
    await database.query(`UPDATE counter_panel_refreshes SET due_at = due_at - $1 * interval '1 millisecond'`, [ms]);
  };
  const untilErrorIsReported = () =>
    waitFor(
      async () => {
        await advance(1_000);
        return (await statusOf('member_count'))?.last_error;
      },
      { what: 'the reported error' },
    );
  /** Advances the time, because the worker looks for work every five seconds. */
  const untilName = (channelId: string, name: string, stepMs = 1_000) =>
    waitFor(
      async () => {
        await advance(stepMs);
        return discord.state.channel(channelId).name === name;
      },
      { what: `a channel with the name ${name}` },
    );
  const outcomes = async () => (await fetch(`${ingestion.url}/metrics`)).text();
  const showMembers = async () => {
    const { id } = addVoice();
    await send('PATCH', 'settings', {
      counter_panel_enabled: true,
      counter_panel_category_channel: category.id,
      counter_panel_member_count_channel: id,
    });
    return id;
  };

  it('name a channel soon after it is set, show the counts of snapshots, and report the status', async () => {
    await start({});
    const channelId = await showMembers();
    await untilName(channelId, 'Members: 12');
    const created = await send('PATCH', 'settings', {
      counter_panel_custom_panels_create: [{ channel_name: 'Admins', role_id: ROLE }],
    });
    const [panel] = created.data.counter_panel_custom_panels as { channel_id: string }[];
    await services.handover.handOver({
      name: 'guild.snapshot',
      body: { guild_id: guildId, member_count: 13, online_role_member_counts: { [ROLE]: 3 } },
      eventId: randomUUID(),
      occurredAt: Date.now(),
    });
    expect((await send('POST', 'stats/counter-panel/update')).status).toBe(202);
    await untilName(panel!.channel_id, 'Admins: 3');
    await untilName(channelId, 'Members: 13');
    await waitFor(async () => (await statusOf('member_count'))?.last_value === 'Members: 13', { what: 'the status' });
    const status = await statusOf('member_count');
    expect(status).toMatchObject({ last_value: 'Members: 13', last_error: null });
    expect(Date.parse(status!.last_update_at!)).toBeLessThanOrEqual(clock.now());
    const next = Date.parse(status!.next_update_at!) - clock.now();
    expect(next).toBeGreaterThan(-5_000);
    expect(next).toBeLessThanOrEqual(10 * 60_000);
  });

  it('report when a counter that was renamed twice can be renamed next', async () => {
    await start({});
    const channelId = await showMembers();
    await untilName(channelId, 'Members: 12');
    const isShown = async (name: string) => {
      const status = await statusOf('member_count');
      return status?.last_value === name ? status : undefined;
    };
    const first = await waitFor(() => isShown('Members: 12'), { what: 'the first status' });
    discord.state.guild(guildId).memberCount = 13;
    await send('POST', 'stats/counter-panel/update');
    await untilName(channelId, 'Members: 13');
    await waitFor(() => isShown('Members: 13'), { what: 'the second status' });
    const soon = new Date(clock.now() + 60_000);
    await database.query('UPDATE counter_panel_refreshes SET due_at = $1', [soon]);
    const windowOpens = Date.parse(first.last_update_at!) + 10 * 60_000;
    expect((await statusOf('member_count'))?.next_update_at).toBe(new Date(windowOpens).toISOString());
  });

  it('report the missing permission of a counter that is not updated', async () => {
    await start({});
    const channelId = await showMembers();
    discord.state.denyBot(channelId, 'ManageChannels');
    await untilErrorIsReported();
    const status = await statusOf('member_count');
    expect(status?.last_error).toContain(`Manage Channels in channel ${channelId}`);
    expect(Date.parse(status!.next_update_at!)).toBeGreaterThan(clock.now() + 5 * 60_000);
  });

  it('report that the bot has left the guild of a counter, and when the next attempt is', async () => {
    await start({});
    await showMembers();
    discord.state.kickBot(guildId);
    await untilErrorIsReported();
    const status = await statusOf('member_count');
    expect(status?.last_error).toContain('the bot is not in this guild');
    expect(Date.parse(status!.next_update_at!)).toBeGreaterThan(clock.now() + 8 * 60_000);
  });

  it('store statistics while the token is refused, report degraded Discord in both services, and recover', async () => {
    await start({});
    const channelId = await showMembers();
    await send('PATCH', 'settings', { stats_command_usage: true });
    await untilName(channelId, 'Members: 12');
    discord.faults.add({ kind: 'unauthorized' }, { times: 1_000 });
    discord.state.guild(guildId).memberCount = 13;
    await send('POST', 'stats/counter-panel/update');
    const discordOf = async ({ url }: RunningService) =>
      ((await (await fetch(`${url}/readyz`)).json()) as ReadyBody).checks.discord?.status;
    const untilBothAre = (wanted: string) =>
      waitFor(
        async () => {
          await advance(10_000);
          return (await discordOf(ingestion)) === wanted && (await discordOf(query)) === wanted;
        },
        { what: `both services to report Discord as ${wanted}` },
      );
    await untilBothAre('degraded');
    const refused = await send('PATCH', 'settings', { starboard_channel: addVoice().id });
    expect(refused.error).toMatchObject({ name: 'DiscordApiInteractionError' });
    for (const { url } of [query, ingestion]) expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const asked = discord.requests.length;
    expect((await send('POST', 'stats/command/check', { command: 'ping' })).status).toBe(202);
    const stored = () => database.query('SELECT 1 FROM statistic_events WHERE guild_id = $1', [guildId]);
    await waitFor(async () => (await stored()).length === 1, { what: 'the event to be stored' });
    expect(discord.requests).toHaveLength(asked);
    discord.faults.clear();
    await untilBothAre('ok');
    await untilName(channelId, 'Members: 13', 10_000);
  });

  it('drop a refresh without a token, and report why the counters are not updated', async () => {
    await start({ DISCORD_TOKEN: '' });
    await showMembers();
    expect((await send('POST', 'stats/counter-panel/update')).status).toBe(202);
    expect(await outcomes()).toContain('serverstats_events_total{outcome="no_discord"} 1');
    expect(await statusOf('member_count')).toMatchObject({
      last_value: null,
      next_update_at: null,
      last_error: expect.stringContaining('DISCORD_TOKEN'),
    });
    expect(discord.requests).toEqual([]);
  });

  it('refresh only guilds that show counters', async () => {
    await start({});
    await send('POST', 'stats/counter-panel/update');
    expect(await outcomes()).toContain('serverstats_events_total{outcome="unwanted"} 1');
  });
});

interface ReadyBody {
  checks: Record<string, { status: string } | undefined>;
}
