import { lockedIn } from '#libs/discord';
import type { StoredChannel } from '../doubles/discord/index.js';
import { ApiClient } from '../harness/api-client.js';
import { startQueryProcess } from '../harness/services.js';
import { waitFor } from '../harness/wait-for.js';
import { addCustomPanel, MINUTE_MS, PanelsSystem, type GuildWithPanels } from './panels-system.js';

/** A port without a listener. The query service works without its broker. */
const NO_BROKER = 'amqp://127.0.0.1:9';

describe('channels that unfinished requests created', () => {
  let system: PanelsSystem;
  let guild: GuildWithPanels;

  beforeEach(async () => {
    system = await PanelsSystem.create({ nowMs: Date.now() });
    await system.addWorker();
    guild = await system.addGuild();
    // These tests need no counters.
    await system.database.query('UPDATE guild_settings SET counter_panel_enabled = false');
  });
  afterEach(() => system.close());

  const creations = () => system.database.query('SELECT * FROM counter_panel_creations');
  const exists = ({ id }: StoredChannel) => system.discord.state.channels.has(id);
  /** Adds a locked channel like those that the bot creates. */
  const addLocked = (name: string, category = guild.category) => {
    const botId = system.discord.state.bot.id;
    const overwrites = lockedIn({ guildId: guild.id, botId, botPermissions: 0n, category: { overwrites: [] } });
    return Object.assign(system.addVoice(guild.id, category.id), {
      name,
      overwrites: overwrites.map(({ id, of, allow, deny }) => ({ id, type: of === 'role' ? 0 : 1, allow, deny })),
    });
  };
  const addCreation = async (name: string, channelId: string | null = null) => {
    await system.database.query(
      `INSERT INTO counter_panel_creations
         (guild_id, id, category_id, channel_name, channel_id, begun_at, due_at)
       VALUES ($1, gen_random_uuid(), $2, $3, $4, $5, $6)`,
      [guild.id, guild.category.id, name, channelId, new Date(system.clock.now()), new Date(system.clock.now() + 1)],
    );
  };

  const inCategory = () => system.discord.state.channelsOf(guild.id).filter((c) => c.parentId === guild.category.id);
  const startService = () =>
    startQueryProcess({
      databaseUrl: system.database.url,
      brokerUrl: NO_BROKER,
      env: { DISCORD_TOKEN: system.discord.token, DISCORD_API_URL: system.discord.url },
    });
  const create = (url: string, ...names: string[]) =>
    new ApiClient(url).send('PATCH', 'settings', {
      guild_id: guild.id,
      // The @everyone role.
      counter_panel_custom_panels_create: names.map((channel_name) => ({ channel_name, role_id: guild.id })),
    });

  it.each([
    ['a creation', { method: 'POST', after: 2 }, 503],
    ['the deletion of what was created', { method: 'DELETE' }, 502],
  ])('are deleted if the service stops while %s hangs', async (_, rule, status) => {
    const service = await startService();
    try {
      const before = await system.settings(guild.id);
      const { faults, requests } = system.discord;
      faults.add({ kind: 'hang' }, { ...rule, path: /channels/, times: 1_000 });
      faults.add({ kind: 'status', status: 503 }, { method: 'POST', path: /channels$/, after: 2 });
      const answer = create(service.url, 'One', 'Two', 'Three');
      await waitFor(() => requests.some(({ fault }) => fault === 'hang'), { what: 'a hanging request' });
      const stopped = service.stop();
      expect((await answer).status).toBe(status);
      expect(await stopped).toBe(0);
      expect(inCategory()).toHaveLength(5);
      faults.clear();
      await system.pass(2);
      expect(inCategory().map(({ id }) => id)).toEqual([guild.members.id, guild.online.id, guild.boosts.id]);
      expect(await creations()).toEqual([]);
      expect(await system.settings(guild.id)).toEqual(before);
    } finally {
      await service.kill();
    }
  });

  it('are deleted if the process is killed while it creates them', async () => {
    const { discord } = system;
    const service = await startService();
    const before = await system.settings(guild.id);
    let arrived = false;
    const until = new Promise<void>(() => undefined);
    discord.faults.add(
      { kind: 'late', until, onArrival: () => (arrived = true) },
      { method: 'POST', path: /channels$/, after: 2 },
    );
    const ended = create(service.url, 'One', 'Two', 'Three').catch(() => 'killed');
    await waitFor(() => arrived, { what: 'the request for the third channel' });
    await service.kill();
    expect(await ended).toBe('killed');
    expect(inCategory()).toHaveLength(5);
    await system.pass(1);
    expect(inCategory()).toHaveLength(5);
    await system.pass(3);
    expect(inCategory().map(({ id }) => id)).toEqual([guild.members.id, guild.online.id, guild.boosts.id]);
    expect(await creations()).toEqual([]);
    expect(await system.settings(guild.id)).toEqual(before);
  });

  it('are found even if Discord never returned their id, and no other channel is mistaken for them', async () => {
    const older = addLocked('Admins');
    const stored = addLocked('Admins');
    await addCustomPanel(system.database, {
      guildId: guild.id,
      channelId: stored.id,
      channelName: 'Admins',
      roleId: guild.id,
    });
    system.clock.advance(10 * MINUTE_MS);
    await addCreation('Admins');
    const ofAdmin = Object.assign(system.addVoice(guild.id, guild.category.id), { name: 'Admins' });
    const elsewhere = addLocked('Admins', guild.members);
    const otherName = addLocked('Helpers');
    const lost = addLocked('Admins');
    await system.pass(1);
    expect([older, stored, ofAdmin, elsewhere, otherName, lost].map(exists)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(await creations()).toEqual([]);
  });

  it('are kept while another request creates a channel that looks the same', async () => {
    await addCreation('Admins');
    await system.database.query(`UPDATE counter_panel_creations SET due_at = due_at + interval '10 minutes'`);
    await addCreation('Admins');
    const channel = addLocked('Admins');
    await system.pass(2);
    expect(exists(channel)).toBe(true);
    expect(await creations()).toHaveLength(2);
    await system.pass(20);
    expect(exists(channel)).toBe(false);
    expect(await creations()).toEqual([]);
  });

  it('are deleted once Discord permits it', async () => {
    const channel = addLocked('Admins');
    await addCreation('Admins', channel.id);
    channel.overwrites = [];
    system.discord.state.denyBot(channel.id, 'ManageChannels');
    await system.pass(60);
    expect(exists(channel)).toBe(true);
    const asked = system.discord.requestsOf('DELETE /channels/{channel_id}').length;
    expect(asked).toBeLessThanOrEqual(7);
    channel.overwrites = [];
    await system.pass(180);
    expect(exists(channel)).toBe(false);
    expect(await creations()).toEqual([]);
  });

  const passDays = async (days: number) => {
    for (let hour = 0; hour < 24 * days; hour += 6) await system.pass(6 * 60, 6 * 60 * MINUTE_MS);
  };

  describe('that Discord refuses to delete', () => {
    let channel: StoredChannel;

    beforeEach(async () => {
      await system.database.query('UPDATE guild_settings SET counter_panel_enabled = true');
      channel = addLocked('Admins');
      await addCreation('Admins', channel.id);
      channel.overwrites = [];
      system.discord.state.denyBot(channel.id, 'ManageChannels');
      await system.pass(1);
    });

    const deletions = () => system.discord.requestsOf('DELETE /channels/{channel_id}').length;
    const status = async () => {
      const service = await startService();
      try {
        const { data } = await new ApiClient(service.url).get<{ counter_panel_status: Record<string, unknown>[] }>(
          'settings',
          { guild_id: guild.id },
        );
        return data.counter_panel_status.find(({ channel_id }) => channel_id === channel.id);
      } finally {
        await service.stop();
      }
    };

    it('are given up after a month, as the status says', async () => {
      expect(await status()).toMatchObject({
        panel: 'custom',
        last_error: expect.stringMatching(
          /^The channel "Admins" no longer belongs to a counter and should be deleted\. Discord refused to delete the channel: the bot lacks .*Manage Channels/,
        ) as unknown,
        next_update_at: expect.any(String) as unknown,
      });
      await passDays(29);
      const tried = deletions();
      await passDays(2);
      expect(deletions()).toBeGreaterThan(tried);
      const inAll = deletions();
      expect(inAll).toBeLessThanOrEqual(150);
      await passDays(10);
      expect(deletions()).toBe(inAll);
      expect(await status()).toMatchObject({
        last_error: expect.stringMatching(/No further attempts: delete the channel in Discord$/) as unknown,
        next_update_at: null,
      });
    });

    it('are tried again after a requested refresh', async () => {
      await passDays(32);
      channel.overwrites = [];
      await system.refresh(guild.id);
      expect(exists(channel)).toBe(false);
      expect(await creations()).toEqual([]);
      expect(await status()).toBeUndefined();
    });
  });

  it('are not given up while Discord does not answer, and are searched for only until they are found', async () => {
    const channel = addLocked('Admins');
    await addCreation('Admins');
    system.discord.faults.add({ kind: 'status', status: 503 }, { method: 'DELETE', times: 100 });
    await system.pass(2);
    system.clock.advance(32 * 24 * 60 * MINUTE_MS);
    await system.pass(1);
    expect(exists(channel)).toBe(true);
    expect(await creations()).toMatchObject([{ channel_id: channel.id, due_at: expect.any(Date) as unknown }]);
    expect(system.discord.requestsOf('GET /guilds/{guild_id}/channels')).toHaveLength(1);
    system.discord.faults.clear();
    await passDays(1);
    expect(exists(channel)).toBe(false);
  });

  it('are forgotten if the bot has left the guild', async () => {
    await addCreation('Admins');
    await addCreation('Helpers', addLocked('Helpers').id);
    system.discord.state.kickBot(guild.id);
    await system.pass(1);
    expect(await creations()).toEqual([]);
  });

  it('are deleted after the erasure of their guild during an outage of Discord', async () => {
    const channel = addLocked('Admins');
    await addCustomPanel(system.database, {
      guildId: guild.id,
      channelId: channel.id,
      channelName: 'Admins',
      roleId: guild.id,
    });
    const service = await startService();
    try {
      system.discord.faults.add({ kind: 'status', status: 503 }, { method: 'DELETE', times: 100 });
      const answer = await new ApiClient(service.url).send('DELETE', 'settings/delete', { guild_id: guild.id });
      expect(answer.status).toBe(200);
      expect(exists(channel)).toBe(true);
      system.discord.faults.clear();
      await system.pass(2);
      expect(exists(channel)).toBe(false);
      expect([guild.members, guild.online, guild.boosts].map(exists)).toEqual([true, true, true]);
      expect(await creations()).toEqual([]);
    } finally {
      await service.kill();
    }
  });

  it('are each deleted by only one of two workers', async () => {
    await system.addWorker();
    const channels = ['One', 'Two', 'Three'].map((name) => addLocked(name));
    for (const { name, id } of channels) await addCreation(name, id);
    await system.pass(1);
    expect(channels.map(exists)).toEqual([false, false, false]);
    expect(system.discord.requestsOf('DELETE /channels/{channel_id}')).toHaveLength(3);
  });
});
