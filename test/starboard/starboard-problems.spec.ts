import type { Publisher } from '../harness/publisher.js';
import { waitFor } from '../harness/wait-for.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { StarboardSystem, type StarboardGuild } from './starboard-system.js';

const VOICE = 2;

describe('problems of the starboard', () => {
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

  const statusOf = async ({ guild }: StarboardGuild, { client } = query) =>
    (await client.get<{ starboard_status: { problem: string }[] }>('settings', { guild_id: guild.id })).data
      .starboard_status;
  const untilProblem = (place: StarboardGuild) =>
    waitFor(async () => (await statusOf(place))[0], { what: 'a problem' });
  const change = async ({ guild }: StarboardGuild, settings: Record<string, unknown>) =>
    expect(await query.client.send('PATCH', 'settings', { guild_id: guild.id, ...settings })).toMatchObject({
      status: 200,
    });
  const untilDelayed = (messageId: string) =>
    waitFor(
      () =>
        board.system.count('starboard_tasks WHERE message_id = $1 AND claim IS NULL AND failing_since IS NOT NULL', [
          messageId,
        ]),
      { what: 'the message to be delayed' },
    );
  const retryNow = async ({ guild }: StarboardGuild) => {
    await board.system.database.query(`UPDATE starboard_problems SET retry_at = now() WHERE guild_id = $1`, [guild.id]);
    await board.system.database.query(
      `UPDATE starboard_tasks SET due_at = now() WHERE guild_id = $1 AND due_at IS NOT NULL`,
      [guild.id],
    );
  };
  const newMessage = ({ channel }: StarboardGuild) =>
    board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
  const openWithPost = async () => {
    const place = await board.openGuild({ count: 1 });
    const message = newMessage(place);
    await board.star(publisher, message);
    await board.untilPosts(place.starboard, 1);
    await board.settled(message);
    return { ...place, message };
  };

  it('with new posts do not delay edits or removals, and stay until a new post succeeds', async () => {
    const place = await openWithPost();
    const { starboard, message } = place;
    board.discord.state.denyBot(starboard.id, 'SendMessages');
    await board.star(publisher, newMessage(place));
    await untilProblem(place);
    await board.star(publisher, message);
    await board.untilContent(starboard, '**2**');
    board.discord.state.deleteMessage(message.id);
    await board.publishStarEvent(publisher, message, 'star.removed');
    await board.untilPosts(starboard, 0);
    await board.settled(message);
    expect(await statusOf(place)).toHaveLength(1);
  });

  it('do not make the service give up a message that only waited for the retry of another one', async () => {
    const place = await board.openGuild({ count: 1 });
    const { guild, starboard } = place;
    board.discord.state.denyBot(starboard.id, 'SendMessages');
    await board.star(publisher, newMessage(place));
    await untilProblem(place);
    const waiting = newMessage(place);
    await board.star(publisher, waiting);
    await untilDelayed(waiting.id);
    starboard.overwrites.length = 0;
    await board.system.database.query(
      `UPDATE starboard_tasks SET due_at = now(), failing_since = now() - interval '25 hours'
       WHERE guild_id = $1 AND message_id = $2`,
      [guild.id, waiting.id],
    );
    expect(await board.untilPosts(starboard, 1)).toHaveLength(1);
  });

  it.each([{ isFormer: false }, { isFormer: true }])(
    'disappear when entries can be edited again, in a former starboard channel: $isFormer',
    async ({ isFormer }) => {
      const place = await openWithPost();
      const { guild, starboard, message } = place;
      const next = board.discord.state.addChannel({ guildId: guild.id });
      if (isFormer) await change(place, { starboard_channel: next.id });
      board.discord.state.denyBot(starboard.id, 'ViewChannel');
      await board.star(publisher, message);
      await untilProblem(place);
      await untilDelayed(message.id);
      starboard.overwrites.length = 0;
      await retryNow(place);
      await board.untilContent(starboard, '**2**');
      await board.settled(message);
      expect(await statusOf(place)).toEqual([]);
    },
  );

  it('with deleting posts of an erased member disappear when the posts are deleted', async () => {
    const place = await openWithPost();
    const { guild, starboard, message } = place;
    board.discord.state.denyBot(starboard.id, 'ViewChannel');
    const erasure = { guild_id: guild.id, privacy_member_id: message.authorId };
    await query.client.send('DELETE', 'privacy/delete-user-entries', erasure);
    await untilProblem(place);
    await waitFor(
      () => board.system.count(`starboard_tasks WHERE guild_id = $1 AND failing_since IS NOT NULL`, [guild.id]),
      { what: 'the removal to be delayed' },
    );
    starboard.overwrites.length = 0;
    await retryNow(place);
    expect(await board.untilPosts(starboard, 0)).toEqual([]);
    await waitFor(async () => (await statusOf(place)).length === 0, { what: 'no problem' });
  });

  it('with reading stay while nothing has been read', async () => {
    const place = await openWithPost();
    const { guild, channel, starboard, message } = place;
    board.discord.state.deleteMessage(board.postsIn(starboard)[0]!.id);
    await board.star(publisher, message);
    await waitFor(async () => (await board.entriesOf(guild.id))[0]?.['state'] === 'withdrawn', {
      what: 'the entry to be withdrawn',
    });
    await board.settled(message);
    board.discord.state.denyBot(channel.id, 'ReadMessageHistory');
    await board.star(publisher, newMessage(place));
    await untilProblem(place);
    await board.system.database.query(`UPDATE starboard_problems SET retry_at = now() WHERE guild_id = $1`, [guild.id]);
    const handled = await board.system.eventsHandled();
    await board.star(publisher, message);
    await board.system.untilHandled(handled + 1);
    await board.settled(message);
    expect(await statusOf(place)).toHaveLength(1);
  });

  it('name the missing Connect permission of a voice channel', async () => {
    const place = await board.openGuild({ count: 1, channel: { type: VOICE } });
    board.discord.state.denyBot(place.channel.id, 'Connect');
    await board.star(publisher, newMessage(place));
    expect((await untilProblem(place)).problem).toContain(`the bot lacks Connect in channel ${place.channel.id}`);
  });

  it('are not listed for a starboard that is off', async () => {
    const place = await board.openGuild({ count: 1 });
    board.discord.state.denyBot(place.channel.id, 'ViewChannel');
    await board.star(publisher, newMessage(place));
    await untilProblem(place);
    await change(place, { starboard_enabled: false, starboard_channel: null });
    expect(await statusOf(place)).toEqual([]);
  });

  it('name the token once the query service knows that Discord refuses it', async () => {
    const place = await board.openGuild({ count: 1 });
    const env = { DISCORD_TOKEN: 'revoked', DISCORD_API_URL: board.discord.url };
    const refused = await startQueryInProcess(board.system.database.url, env);
    const category = { guild_id: place.guild.id, counter_panel_category_channel: place.channel.id };
    await refused.client.send('PATCH', 'settings', category);
    expect(await statusOf(place, refused)).toMatchObject([
      { channel_id: place.starboard.id, problem: expect.stringContaining('does not accept DISCORD_TOKEN') as string },
    ]);
    await refused.close();
  });
});
