import type { PermissionName } from '../doubles/discord/index.js';
import type { Publisher } from '../harness/publisher.js';
import { waitFor } from '../harness/wait-for.js';
import type { QueryInProcess } from '../harness/query-in-process.js';
import { StarboardSystem, type StarboardGuild } from './starboard-system.js';

interface Settings extends Record<string, unknown> {
  starboard_status: Record<'channel_id' | 'problem' | 'first_seen_at' | 'last_seen_at' | 'next_try_at', string>[];
}

/** The format of times in responses. */
const ISO_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

describe('the starboard status in the settings of a guild', () => {
  let board: StarboardSystem;
  let query: QueryInProcess;
  let publisher: Publisher;

  beforeAll(async () => {
    board = await StarboardSystem.create();
    await board.startIngestion();
    query = await board.startQuery();
    publisher = await board.system.connectPublisher();
  });
  afterAll(async () => {
    await publisher.close();
    await board.close();
  });
  afterEach(() => {
    board.discord.state.hasMessageContent = true;
    board.discord.faults.clear();
    board.requireNoViolations();
  });

  const settings = async ({ guild }: StarboardGuild) =>
    (await query.client.get<Settings>('settings', { guild_id: guild.id })).data;
  const untilProblem = (place: StarboardGuild) =>
    waitFor(async () => (await settings(place)).starboard_status[0], { what: 'a problem' });
  const openWithout = async (permission: PermissionName) => {
    const place = await board.openGuild({ count: 1 });
    board.discord.state.denyBot(place.starboard.id, permission);
    await board.star(publisher, board.discord.state.addMessage({ channelId: place.channel.id, content: 'x' }));
    return place;
  };

  it('names the missing permission and its channel until posting works again', async () => {
    const place = await openWithout('SendMessages');
    const { starboard, guild } = place;
    const problem = await untilProblem(place);
    expect(problem).toEqual({
      channel_id: starboard.id,
      problem: expect.stringContaining(`the bot lacks Send Messages in channel ${starboard.id}`),
      first_seen_at: ISO_TIME,
      last_seen_at: ISO_TIME,
      next_try_at: ISO_TIME,
    });
    expect(Date.parse(problem.next_try_at)).toBeGreaterThan(Date.parse(problem.last_seen_at));
    const put = await query.client.send<Settings>('PUT', 'settings', {
      ...(await settings(place)),
      counter_panel_custom_panels_create: [],
      counter_panel_custom_panels_delete: [],
    });
    expect(put).toMatchObject({ status: 200, data: { starboard_status: [{ channel_id: starboard.id }] } });

    board.discord.state.channel(starboard.id).overwrites.length = 0;
    await board.system.database.query(`UPDATE starboard_problems SET retry_at = now() WHERE guild_id = $1`, [guild.id]);
    await board.system.database.query(`UPDATE starboard_tasks SET due_at = now() WHERE guild_id = $1`, [guild.id]);
    await board.untilPosts(starboard, 1);
    await waitFor(async () => (await settings(place)).starboard_status.length === 0, { what: 'no problem' });
  });

  it('says that the bot is not in the guild after a kick, and names no permission', async () => {
    const place = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: place.channel.id, content: 'x' });
    board.discord.state.kickBot(place.guild.id);
    await board.star(publisher, message);
    expect((await untilProblem(place)).problem).toMatch(/: the bot is not in this guild \(any more\)$/);
  });

  it.each([400, 403] as const)('says why Discord refuses one message (%d), until it accepts it', async (status) => {
    const place = await board.openGuild({ count: 1 });
    const { channel, starboard, guild } = place;
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    const automod = { kind: 'refused', status, code: 200000, message: 'Message was blocked' } as const;
    board.discord.faults.add(automod, { method: 'POST', path: /\/messages$/, times: 1_000 });
    await board.star(publisher, message);
    expect(await untilProblem(place)).toEqual({
      channel_id: channel.id,
      problem: expect.stringMatching(
        new RegExp(`post message ${message.id} on the starboard: the server's AutoMod blocks it \\(code 200000\\)$`),
      ),
      first_seen_at: ISO_TIME,
      last_seen_at: ISO_TIME,
      next_try_at: ISO_TIME,
    });
    // The refusal is not a problem of the channel, and does not delay other messages.
    expect(await board.system.count('starboard_problems WHERE guild_id = $1', [guild.id])).toBe(0);
    board.discord.faults.clear();
    await board.star(publisher, board.discord.state.addMessage({ channelId: channel.id, content: 'y' }));
    await waitFor(() => board.postsIn(starboard).length > 0, { what: 'the other post' });

    await board.system.database.query(`UPDATE starboard_tasks SET due_at = now() WHERE guild_id = $1`, [guild.id]);
    await board.untilPosts(starboard, 2);
    await waitFor(async () => (await settings(place)).starboard_status.length === 0, { what: 'no problem' });
  });

  it('no longer lists a channel that is not the starboard any more', async () => {
    const place = await openWithout('ViewChannel');
    await untilProblem(place);
    const next = board.discord.state.addChannel({ guildId: place.guild.id });
    const patch = { guild_id: place.guild.id, starboard_channel: next.id };
    expect(await query.client.send('PATCH', 'settings', patch)).toMatchObject({
      status: 200,
      data: { starboard_status: [] },
    });
  });

  it('says once that the Message Content intent is missing, until message content arrives', async () => {
    const place = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const { guild, starboard } = place;
    const other = state.addChannel({ guildId: guild.id });
    const post = async (message: Parameters<typeof state.addMessage>[0]) => {
      const posts = board.postsIn(starboard).length;
      const added = state.addMessage(message);
      await board.star(publisher, added);
      await board.untilPosts(starboard, posts + 1);
      await board.settled(added);
    };
    state.hasMessageContent = false;
    await post({ channelId: place.channel.id, content: 'a' });
    await post({ channelId: place.channel.id, content: 'b' });
    await post({ channelId: other.id, content: 'c' });
    const missing = [{ channel_id: place.channel.id, problem: expect.stringContaining('Message Content') as string }];
    expect((await settings(place)).starboard_status).toMatchObject(missing);
    // Discord always shows messages that mention the bot, so this does not prove that the intent is there.
    await post({ channelId: other.id, content: 'for you', mentionedIds: [state.bot.id] });
    expect((await settings(place)).starboard_status).toMatchObject(missing);
    state.hasMessageContent = true;
    await post({ channelId: other.id, content: 'd' });
    expect((await settings(place)).starboard_status).toEqual([]);
  });

  it('does not report a missing intent for messages without text', async () => {
    const place = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const sticker = { id: state.newId(), name: 'Wave', format_type: 1 };
    await board.star(publisher, state.addMessage({ channelId: place.channel.id, sticker_items: [sticker] }));
    const bot = state.addUser({ isBot: true });
    await board.star(publisher, state.addMessage({ channelId: place.channel.id, authorId: bot.id }));
    await board.untilPosts(place.starboard, 2);
    expect((await settings(place)).starboard_status).toEqual([]);
  });
});
