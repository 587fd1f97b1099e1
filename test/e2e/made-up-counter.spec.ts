import { COUNTERS, CounterTypes } from '#libs/contracts';
import { DiscordDouble } from '../doubles/discord/index.js';
import { ManualClock } from '../doubles/manual-clock.js';
import { startServicesInProcess } from '../harness/services-in-process.js';
import { createTestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const CATEGORY = 4;
const VOICE = 2;

/** Adds one entry, as docs/adding-a-counter.md describes. */
const COUNTER_TYPES = new CounterTypes({
  ...COUNTERS,
  awake: {
    label: 'Awake',
    counts: { value: { snapshot: 'online_member_count', discord: 'approximatePresenceCount' } },
    countDescription: 'how many members are awake',
    panel: 'awake_count',
    setting: {
      field: 'counter_panel_awake_count_channel',
      description: 'Shows how many members are awake',
      required: false,
    },
  },
});

interface Settings extends Record<string, unknown> {
  counter_panel_status: Record<string, unknown>[];
}

it('should add a counter with one entry in the catalogue: setting, channel, status and API documents', async () => {
  const database = await createTestDatabase();
  const clock = new ManualClock(Date.now());
  const discord = await DiscordDouble.start({ clock });
  const services = await startServicesInProcess({ database, discord, clock, counterTypes: COUNTER_TYPES });
  const { api, handover, query } = services;
  try {
    const guild_id = discord.state.addGuild({ memberCount: 12 }).id;
    const category = discord.state.addChannel({ guildId: guild_id, type: CATEGORY });
    const channel = discord.state.addChannel({ guildId: guild_id, type: VOICE, parentId: category.id });
    await api.send('POST', 'enable', { guild_id });
    const set = await api.send<Settings>('PATCH', 'settings', {
      guild_id,
      counter_panel_enabled: true,
      counter_panel_category_channel: category.id,
      counter_panel_awake_count_channel: channel.id,
    });
    expect(set).toMatchObject({ status: 200, data: { counter_panel_awake_count_channel: channel.id } });
    await handover.handOver({
      name: 'guild.snapshot',
      body: { guild_id, online_member_count: 7 },
      eventId: '7f0c1f6e-5b0b-4a7e-9c2e-0d6a1f0f3c11',
      occurredAt: Date.now(),
    });
    expect((await api.send('POST', 'stats/counter-panel/update', { guild_id })).status).toBe(202);
    await waitFor(
      () => {
        clock.advance(1_000);
        return discord.state.channel(channel.id).name === 'Awake: 7';
      },
      { what: 'the channel to show the count' },
    );
    const status = await waitFor(
      async () => {
        const { data } = await api.get<Settings>('settings', { guild_id });
        return data.counter_panel_status[0]?.last_value === null ? undefined : data.counter_panel_status;
      },
      { what: 'the status' },
    );
    expect(status).toMatchObject([
      { panel: 'awake_count', channel_id: channel.id, last_value: 'Awake: 7', last_error: null },
    ]);
    const wrong = await api.send('PATCH', 'settings', { guild_id, counter_panel_awake_count_channel: category.id });
    expect(wrong).toMatchObject({ status: 400, error: { fields: [{ field: 'counter_panel_awake_count_channel' }] } });
    const documented = await (await fetch(`${query.url}/openapi.json`)).text();
    expect(documented).toContain('Shows how many members are awake');
    const { data: counters } = await api.get('counters', { guild_id });
    expect(counters).toMatchObject([{ channel_id: channel.id, type: 'awake', format: 'Awake: <value>' }]);
    const refused = await api.send('POST', 'counters', { guild_id, type: 'awake', format: '<awake>' });
    expect(refused).toMatchObject({ status: 400, error: { fields: [{ field: 'format' }] } });
    await handover.handOver({
      name: 'channel.deleted',
      body: { guild_id, channel_id: channel.id },
      eventId: '7f0c1f6e-5b0b-4a7e-9c2e-0d6a1f0f3c12',
      occurredAt: Date.now(),
    });
    await waitFor(
      async () => (await api.get<Settings>('settings', { guild_id })).data.counter_panel_awake_count_channel === null,
      { what: 'the setting to be cleared' },
    );
  } finally {
    await services.close();
    await discord.close();
    await database.release();
  }
  expect(discord.violations).toEqual([]);
});
