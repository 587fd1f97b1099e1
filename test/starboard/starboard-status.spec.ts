import type { PermissionName } from '../doubles/discord/index.js';
import type { Publisher } from '../harness/publisher.js';
import { waitFor } from '../harness/wait-for.js';
import type { QueryInProcess } from '../query/query-in-process.js';
import { StarboardSystem, type StarboardGuild } from './starboard-system.js';

interface Settings extends Record<string, unknown> {
  starboard_status: Record<'channel_id' | 'problem' | 'first_seen_at' | 'last_seen_at' | 'next_try_at', string>[];
}

/** As answers have it. */
const ISO_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

describe('the settings of a guild, about its starboard', () => {
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

  it('say what is missing where until it works, and take back what they said', async () => {
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

  it('blame no permission in a guild that the bot was kicked from', async () => {
    const place = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: place.channel.id, content: 'x' });
    board.discord.state.kickBot(place.guild.id);
    await board.star(publisher, message);
    expect((await untilProblem(place)).problem).toMatch(/: the bot is not in this guild \(any more\)$/);
  });

  it('say nothing more of a channel that is the starboard no more', async () => {
    const place = await openWithout('ViewChannel');
    await untilProblem(place);
    const next = board.discord.state.addChannel({ guildId: place.guild.id });
    const patch = { guild_id: place.guild.id, starboard_channel: next.id };
    expect(await query.client.send('PATCH', 'settings', patch)).toMatchObject({
      status: 200,
      data: { starboard_status: [] },
    });
  });
});
