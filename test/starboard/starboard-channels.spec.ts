import type { Publisher } from '../harness/publisher.js';
import { waitFor } from '../harness/wait-for.js';
import { StarboardSystem, type StarboardGuild } from './starboard-system.js';

const PUBLIC_THREAD = 11;

describe('the starboard, when channels of the guild change', () => {
  let board: StarboardSystem;
  let publisher: Publisher;

  beforeAll(async () => {
    board = await StarboardSystem.create();
    await board.startIngestion();
    publisher = await board.system.connectPublisher();
  });
  afterAll(async () => {
    await publisher.close();
    await board.close();
  });
  afterEach(() => {
    board.requireNoViolations();
  });

  const deleteChannel = async ({ guild }: StarboardGuild, channelId: string) => {
    board.discord.state.deleteChannel(channelId);
    await publisher.publish('channel.deleted', { guild_id: guild.id, channel_id: channelId });
  };
  const newStarboard = async ({ guild }: StarboardGuild) => {
    const next = board.discord.state.addChannel({ guildId: guild.id });
    await board.set(guild.id, { starboard_enabled: true, starboard_channel: next.id });
    return next;
  };
  const postAbout = async ({ channel, starboard }: StarboardGuild) => {
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    const posts = board.postsIn(starboard).length;
    await board.star(publisher, message);
    await board.untilPosts(starboard, posts + 1);
    await board.settled(message);
    return message;
  };

  it('deletes entries and problems of a deleted starboard channel, so that the next star posts in a new one', async () => {
    const place = await board.openGuild({ count: 1 });
    const { guild, starboard } = place;
    const message = await postAbout(place);
    await board.system.database.query(
      `INSERT INTO starboard_problems (guild_id, channel_id, problem, since, seen_at, retry_at, attempts)
       VALUES ($1, $2, 'made up', now(), now(), now() + interval '1 hour', 1)`,
      [guild.id, starboard.id],
    );
    await deleteChannel(place, starboard.id);
    await waitFor(async () => (await board.entriesOf(guild.id)).length === 0, { what: 'the entries to be deleted' });
    expect(await board.system.count('starboard_problems WHERE guild_id = $1', [guild.id])).toBe(0);

    const next = await newStarboard(place);
    await board.star(publisher, message);
    expect((await board.untilPosts(next, 1))[0]!.content).toContain('**2**');
  });

  it('does not repost an entry that somebody deleted from a starboard channel that was deleted later', async () => {
    const place = await board.openGuild({ count: 1 });
    const { guild, starboard } = place;
    const message = await postAbout(place);
    board.discord.state.deleteMessage(board.postsIn(starboard)[0]!.id);
    await board.star(publisher, message);
    await waitFor(async () => (await board.entriesOf(guild.id))[0]?.['state'] === 'withdrawn', {
      what: 'the entry to be withdrawn',
    });
    await board.settled(message);
    const handled = await board.system.eventsHandled();
    await deleteChannel(place, starboard.id);
    await board.system.untilHandled(handled + 1);
    const next = await newStarboard(place);
    await board.starAndSettle(publisher, message);
    expect(board.postsIn(next)).toEqual([]);
  });

  it('posts in the current channel, with the same star, when it finds that a former starboard channel is deleted', async () => {
    const place = await board.openGuild({ count: 1 });
    const message = await postAbout(place);
    const next = await newStarboard(place);
    board.discord.state.deleteChannel(place.starboard.id);
    await board.star(publisher, message);
    await board.untilPosts(next, 1);
    await board.settled(message);
    expect(await board.entriesOf(place.guild.id)).toMatchObject([{ state: 'posted', entry_channel_id: next.id }]);
  });

  it('posts in the current channel what a former one refused, even if the bot has lost other permissions there', async () => {
    const place = await board.openGuild({ count: 1 });
    const { guild, channel, starboard } = place;
    board.discord.state.denyBot(starboard.id, 'SendMessages', 'ReadMessageHistory');
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    const refused = 'starboard_tasks WHERE guild_id = $1 AND claim IS NULL AND failing_since IS NOT NULL';
    await waitFor(() => board.system.count(refused, [guild.id]), { what: 'a refusal' });
    board.discord.state.denyBot(starboard.id, 'ViewChannel');
    const next = await newStarboard(place);
    await board.system.database.query(`UPDATE starboard_tasks SET due_at = now() WHERE guild_id = $1`, [guild.id]);
    expect(await board.untilPosts(next, 1)).toMatchObject([{ content: expect.stringContaining('**1**') }]);
  });

  it('updates an entry after the channel of its message becomes the starboard, but does not post it again once removed', async () => {
    const place = await board.openGuild({ count: 1 });
    const { guild, channel, starboard } = place;
    const message = await postAbout(place);
    await board.set(guild.id, { starboard_channel: channel.id });
    await board.star(publisher, message);
    await board.untilContent(starboard, '**2**');
    board.discord.state.message(message.id).reactions.clear();
    await board.publishStarEvent(publisher, message, 'star.removed');
    await board.untilPosts(starboard, 0);
    await board.settled(message);
    const handled = await board.system.eventsHandled();
    await board.star(publisher, message);
    await board.system.untilHandled(handled + 1);
    expect(await board.system.count('starboard_tasks WHERE guild_id = $1 AND due_at IS NOT NULL', [guild.id])).toBe(0);
    expect(board.postsIn(channel)).toEqual([]);
  });

  it('removes the entries of all messages of a deleted channel, and no others', async () => {
    const place = await board.openGuild({ count: 1 });
    await postAbout(place);
    await postAbout(place);
    const elsewhere = { ...place, channel: board.discord.state.addChannel({ guildId: place.guild.id }) };
    const kept = await postAbout(elsewhere);
    await deleteChannel(place, place.channel.id);
    const [post] = await board.untilPosts(place.starboard, 1);
    await waitFor(async () => (await board.entriesOf(place.guild.id)).length === 1, { what: 'only one entry' });
    expect(await board.entriesOf(place.guild.id)).toMatchObject([
      { state: 'posted', message_id: kept.id, entry_message_id: post!.id },
    ]);
  });

  it('ignores messages in threads of the starboard channel, and removes those that it showed before', async () => {
    const place = await board.openGuild({ count: 1 });
    const { guild, channel, starboard } = place;
    const { state } = board.discord;
    const thread = state.addChannel({ guildId: guild.id, type: PUBLIC_THREAD, parentId: starboard.id });
    const message = state.addMessage({ channelId: thread.id, content: 'x' });
    await board.starAndSettle(publisher, message, 3);
    expect(board.postsIn(starboard)).toEqual([]);

    thread.parentId = channel.id;
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    thread.parentId = starboard.id;
    await board.star(publisher, message);
    await board.untilPosts(starboard, 0);
  });

  it('shows messages of the parent channel and of sibling threads if the starboard is a thread', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1, starboard: { type: PUBLIC_THREAD } });
    const { state } = board.discord;
    starboard.parentId = channel.id;
    const sibling = state.addChannel({ guildId: guild.id, type: PUBLIC_THREAD, parentId: channel.id });
    const messages = [sibling, channel].map(({ id }) => state.addMessage({ channelId: id, content: 'x' }));
    for (const message of messages) await board.starAndSettle(publisher, message);
    expect(board.postsIn(starboard)).toHaveLength(2);
  });
});
