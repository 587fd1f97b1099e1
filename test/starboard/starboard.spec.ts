import type { Publisher } from '../harness/publisher.js';
import { waitFor } from '../harness/wait-for.js';
import { StarboardSystem } from './starboard-system.js';

describe('the starboard', () => {
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

  it('shows a message once it has enough stars, with author, text, channel and link', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 2 });
    const { state } = board.discord;
    const author = state.addUser({ globalName: 'Ada', avatar: 'abc123' });
    const message = state.addMessage({ channelId: channel.id, authorId: author.id, content: 'hello @everyone' });
    await board.starAndSettle(publisher, message, 1);
    expect(board.postsIn(starboard)).toEqual([]);

    await board.star(publisher, message, 1);
    const [post] = await board.untilPosts(starboard, 1);
    expect(post).toMatchObject({
      content: `⭐ **2** · <#${channel.id}>`,
      allowedMentions: { parse: [] },
      embeds: [
        {
          author: { name: 'Ada', icon_url: `https://cdn.discordapp.com/avatars/${author.id}/abc123.png?size=128` },
          description: 'hello @everyone',
          url: `https://discord.com/channels/${guild.id}/${channel.id}/${message.id}`,
        },
      ],
    });
  });

  it('updates the count in both directions, removes the entry below the threshold, and posts it again above it', async () => {
    const { channel, starboard } = await board.openGuild({ count: 2 });
    const { state } = board.discord;
    const message = state.addMessage({ channelId: channel.id, content: 'x' });
    const fans = [state.addUser(), state.addUser(), state.addUser()];
    state.addReaction(
      message.id,
      fans.map(({ id }) => id),
    );
    await board.publishStarEvent(publisher, message);
    await board.untilContent(starboard, '**3**');
    state.removeReaction(message.id, fans[0]!.id);
    await board.publishStarEvent(publisher, message, 'star.removed');
    await board.untilContent(starboard, '**2**');
    state.removeReaction(message.id, fans[1]!.id);
    await board.publishStarEvent(publisher, message, 'star.removed');
    await board.untilPosts(starboard, 0);
    await board.starAndSettle(publisher, message, 1);
    const post = await board.untilContent(starboard, '**2**');
    expect(board.postsIn(starboard)).toEqual([post]);
  });

  it('does not count the stars of the author and of bots', async () => {
    const { channel, starboard } = await board.openGuild({ count: 2 });
    const { state } = board.discord;
    const author = state.addUser();
    const message = state.addMessage({ channelId: channel.id, authorId: author.id, content: 'x' });
    state.addReaction(message.id, [author.id, state.addUser({ isBot: true }).id, state.bot.id, state.addUser().id]);
    await board.settledAfter(message, () => board.publishStarEvent(publisher, message));
    expect(board.postsIn(starboard)).toEqual([]);
    await board.star(publisher, message, 1);
    await board.untilContent(starboard, '**2**');
  });

  it('counts stars beyond the first page', async () => {
    const { channel, starboard } = await board.openGuild({ count: 150 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message, 250);
    const post = await board.untilContent(starboard, '**250**');
    expect(board.postsIn(starboard)).toEqual([post]);
  });

  it('handles 10,000 events about one message as one task', async () => {
    const { guild, channel } = await board.openGuild({ count: 1_000 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    const before = board.discord.requests.length;
    const events = Array.from({ length: 10_000 }, () => message);
    const publishAll = () => Promise.all(events.map((event) => board.publishStarEvent(publisher, event)));
    await board.settledAfter(message, publishAll, events.length);
    expect(await board.system.count('starboard_tasks WHERE guild_id = $1', [guild.id])).toBeLessThanOrEqual(1);
    // Each check is a single request for the message, because its count is below the threshold.
    expect(board.discord.requests.length - before).toBeLessThan(15);
  });

  it('removes the entry when the message is deleted', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    board.discord.state.deleteMessage(message.id);
    await board.publishStarEvent(publisher, message, 'star.removed');
    await board.untilPosts(starboard, 0);
    await board.settled(message);
    expect(await board.entriesOf(guild.id)).toEqual([]);
  });

  it('does not repost an entry that somebody deleted from the starboard', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    const [post] = await board.untilPosts(starboard, 1);
    board.discord.state.deleteMessage(post!.id);
    await board.star(publisher, message);
    await waitFor(async () => (await board.entriesOf(guild.id))[0]?.['state'] === 'withdrawn', {
      what: 'the entry to be withdrawn',
    });
    await board.starAndSettle(publisher, message);
    expect(board.postsIn(starboard)).toEqual([]);
  });

  it('ignores messages of the starboard channel, and its own posts in every channel', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const message = state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    const [post] = await board.untilPosts(starboard, 1);
    const handled = await board.system.eventsHandled();
    await board.star(publisher, post!, 5);
    await board.system.untilHandled(handled + 1);
    expect(await board.system.count('starboard_tasks WHERE message_id = $1', [post!.id])).toBe(0);

    const next = state.addChannel({ guildId: guild.id });
    await board.set(guild.id, { starboard_channel: next.id });
    await board.settledAfter(post!, () => board.publishStarEvent(publisher, post!));
    expect(board.postsIn(next)).toEqual([]);
  });

  it('updates old entries in the old channel after the setting changes, and posts new ones in the new channel', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const [first, second] = [1, 2].map(() => state.addMessage({ channelId: channel.id, content: 'x' }));
    await board.star(publisher, first!);
    await board.untilPosts(starboard, 1);
    const next = state.addChannel({ guildId: guild.id });
    await board.set(guild.id, { starboard_channel: next.id });
    await board.star(publisher, first!);
    await board.star(publisher, second!);
    await board.untilContent(starboard, '**2**');
    await board.untilPosts(next, 1);
    expect(board.postsIn(starboard)).toHaveLength(1);
  });

  it.each([{ starboard_enabled: false }, { enabled: false }])('changes nothing in Discord with %j', async (off) => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    await board.settled(message);
    await board.set(guild.id, off);
    board.discord.state.message(message.id).reactions.clear();
    const requests = board.discord.requests.length;
    const handled = await board.system.eventsHandled();
    await board.publishStarEvent(publisher, message, 'star.removed');
    await board.system.untilHandled(handled + 1);
    expect(board.discord.requests).toHaveLength(requests);
    expect(board.postsIn(starboard)).toHaveLength(1);
  });

  it('removes a deleted starboard channel from the settings, and its entries', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    board.discord.state.deleteChannel(starboard.id);
    await board.star(publisher, message);
    await waitFor(async () => (await board.entriesOf(guild.id)).length === 0, { what: 'the entries to go' });
    const [settings] = await board.system.database.query(`SELECT * FROM guild_settings WHERE guild_id = $1`, [
      guild.id,
    ]);
    expect(settings).toMatchObject({ starboard_enabled: false, starboard_channel: null });
    await board.settled(message);
  });

  it('never posts in another guild, and never shows messages of another guild', async () => {
    const mine = await board.openGuild({ count: 1 });
    const other = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const secret = state.addMessage({ channelId: other.channel.id, content: 'secret' });
    state.addReaction(secret.id);
    const ids = { guild_id: mine.guild.id, channel_id: other.channel.id, message_id: secret.id };
    await board.settledAfter(secret, () => publisher.publish('star.added', ids));
    expect(board.postsIn(mine.starboard)).toEqual([]);

    await board.set(mine.guild.id, { starboard_channel: other.starboard.id });
    const message = state.addMessage({ channelId: mine.channel.id, content: 'x' });
    await board.star(publisher, message);
    await waitFor(() => board.system.count('starboard_problems WHERE guild_id = $1', [mine.guild.id]), {
      what: 'the problem',
    });
    expect(board.postsIn(other.starboard)).toEqual([]);
  });

  describe('with age-restricted channels', () => {
    it.each([
      { source: true, starboard: false, shown: 0 },
      { source: true, starboard: true, shown: 1 },
      { source: false, starboard: true, shown: 1 },
    ])(
      'posts each message $shown times (source age-restricted: $source, starboard: $starboard)',
      async ({ source, starboard: target, shown }) => {
        const { guild, channel, starboard } = await board.openGuild({
          count: 1,
          channel: { nsfw: source },
          starboard: { nsfw: target },
        });
        const { state } = board.discord;
        const thread = state.addChannel({ guildId: guild.id, type: 11, parentId: channel.id });
        const messages = [channel, thread].map(({ id }) => state.addMessage({ channelId: id, content: 'x' }));
        for (const message of messages) await board.starAndSettle(publisher, message);
        expect(board.postsIn(starboard)).toHaveLength(2 * shown);
      },
    );

    it('removes an entry when the channel of its message becomes age-restricted', async () => {
      const { channel, starboard } = await board.openGuild({ count: 1 });
      const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
      await board.star(publisher, message);
      await board.untilPosts(starboard, 1);
      board.discord.state.channel(channel.id).nsfw = true;
      await board.starAndSettle(publisher, message);
      expect(board.postsIn(starboard)).toEqual([]);
    });
  });
});
