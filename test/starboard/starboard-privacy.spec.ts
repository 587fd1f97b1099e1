import type { ApiClient } from '../harness/api-client.js';
import type { Publisher } from '../harness/publisher.js';
import { waitFor } from '../harness/wait-for.js';
import { StarboardSystem } from './starboard-system.js';

const POSTING = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };

describe('an erasure, on the starboard', () => {
  let board: StarboardSystem;
  let publisher: Publisher;
  let api: ApiClient;

  beforeAll(async () => {
    board = await StarboardSystem.create();
    await board.startIngestion();
    ({ api } = await board.system.startQuery());
    publisher = await board.system.connectPublisher();
  });
  afterAll(async () => {
    await publisher.close();
    await board.close();
  });
  afterEach(() => {
    board.discord.faults.clear();
    board.requireNoViolations();
  });

  const erase = (guild_id: string, privacy_member_id: string) =>
    api.send<{ starboard: number }>('DELETE', 'privacy/delete-user-entries', { guild_id, privacy_member_id });
  const count = async (guild_id: string, privacy_member_id: string) =>
    (await api.get<{ starboard: number }>('privacy/get-user-entries', { guild_id, privacy_member_id })).data.starboard;

  const untilGuildHasNoRows = (guildId: string) =>
    waitFor(
      async () => {
        const tables = ['starboard_entries', 'starboard_tasks', 'starboard_problems'];
        const counts = await Promise.all(
          tables.map((table) => board.system.count(`${table} WHERE guild_id = $1`, [guildId])),
        );
        return counts.every((count) => count === 0);
      },
      { what: 'all rows of the guild to be deleted', timeoutMs: 40_000 },
    );

  it('deletes only the posts of the member, even if the starboard is off and Discord fails at first', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const message = state.addMessage({ channelId: channel.id, content: 'mine' });
    const another = state.addMessage({ channelId: channel.id, content: 'another’s' });
    for (const starred of [message, another]) await board.star(publisher, starred);
    await board.untilPosts(starboard, 2);
    await board.settled(message);
    expect(await count(guild.id, message.authorId)).toBe(1);
    await board.set(guild.id, { starboard_enabled: false });
    board.discord.faults.add({ kind: 'status', status: 503 }, { method: 'DELETE', times: 5 });
    expect((await erase(guild.id, message.authorId)).data.starboard).toBe(1);
    expect(await count(guild.id, message.authorId)).toBe(0);
    const [left] = await board.untilPosts(starboard, 1);
    expect(left!.embeds[0]).toMatchObject({ description: 'another’s' });
    await waitFor(async () => (await board.system.count(`starboard_tasks WHERE task <> 'follow'`)) === 0, {
      what: 'all removals to be done',
    });

    await board.set(guild.id, { starboard_enabled: true });
    await board.starAndSettle(publisher, message);
    expect(board.postsIn(starboard)).toHaveLength(1);
  });

  it('deletes posts of forwards of the member’s messages, and posts no such forward again', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const original = state.addMessage({ channelId: channel.id, content: 'mine' });
    const forward = () =>
      state.addMessage({
        channelId: channel.id,
        reference: { type: 1, guildId: guild.id, channelId: channel.id, messageId: original.id },
        snapshots: [{ content: 'mine', attachments: [], embeds: [] }],
      });
    const message = forward();
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    await board.settled(message);
    expect(await count(guild.id, original.authorId)).toBe(1);
    expect((await erase(guild.id, original.authorId)).data.starboard).toBe(1);
    await board.untilPosts(starboard, 0);
    await board.starAndSettle(publisher, message);
    await board.starAndSettle(publisher, forward());
    expect(await board.entriesOf(guild.id)).toEqual([]);
    expect(board.postsIn(starboard)).toEqual([]);
  });

  it('deletes a post that is being made', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'mine' });
    // The post is made, but the service learns of it only after the author is erased.
    board.discord.faults.add({ kind: 'done_but_unknown' }, POSTING);
    board.discord.faults.add({ kind: 'hang' }, { ...POSTING, times: 1_000 });
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    expect((await erase(guild.id, message.authorId)).data.starboard).toBe(1);
    board.discord.faults.clear();
    await board.untilPosts(starboard, 0);
    await waitFor(
      async () =>
        (await board.system.count('starboard_tasks WHERE guild_id = $1 AND due_at IS NOT NULL', [guild.id])) === 0,
      { what: 'no task to be due', timeoutMs: 40_000 },
    );
    expect(board.postsIn(starboard)).toEqual([]);
  });

  it('deletes a post that is made after the search for it has ended', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'mine' });
    const asked = board.discord.requestsOf('POST /channels/{channel_id}/messages').length;
    board.discord.faults.add({ kind: 'hang' }, POSTING);
    await board.star(publisher, message);
    await waitFor(() => board.discord.requestsOf('POST /channels/{channel_id}/messages').length > asked, {
      what: 'a hanging request',
    });
    await erase(guild.id, message.authorId);
    // Ends the search, which otherwise takes five minutes.
    const searches = `starboard_tasks WHERE guild_id = $1 AND task = 'seek'`;
    expect(await board.system.count(searches, [guild.id])).toBe(1);
    await board.system.database.query(`DELETE FROM ${searches}`, [guild.id]);
    const deleted = () => board.discord.requestsOf('DELETE /channels/{channel_id}/messages/{message_id}').at(-1);
    await waitFor(() => deleted()?.path.includes(starboard.id), { what: 'the post to be deleted', timeoutMs: 40_000 });
    expect(await board.untilPosts(starboard, 0)).toEqual([]);
  });

  it('deletes all rows and posts of a guild, even if Discord fails at first', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const messages = ['x', 'y'].map((content) => state.addMessage({ channelId: channel.id, content }));
    for (const message of messages) await board.star(publisher, message);
    await board.untilPosts(starboard, 2);
    for (const message of messages) await board.settled(message);
    board.discord.faults.add({ kind: 'status', status: 503 }, { method: 'DELETE', times: 5 });
    expect((await api.send('DELETE', 'settings/delete', { guild_id: guild.id })).status).toBe(200);
    await board.untilPosts(starboard, 0);
    await untilGuildHasNoRows(guild.id);
  });

  it('still deletes the posts of a member who was erased before the guild', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'mine' });
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    await board.settled(message);
    board.discord.faults.add({ kind: 'status', status: 503 }, { method: 'DELETE', times: 1_000 });
    expect((await erase(guild.id, message.authorId)).data.starboard).toBe(1);
    expect((await api.send('DELETE', 'settings/delete', { guild_id: guild.id })).status).toBe(200);
    board.discord.faults.clear();
    await board.untilPosts(starboard, 0);
    await untilGuildHasNoRows(guild.id);
  });

  it('deletes the posts of a guild after guild.deleted while the bot is still in it', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    await board.settled(message);
    await publisher.publish('guild.deleted', { guild_id: guild.id });
    expect(await board.untilPosts(starboard, 0)).toEqual([]);
    await untilGuildHasNoRows(guild.id);
  });

  it('tries to delete only one of many posts while the bot lacks the permission', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    for (const content of ['x', 'y', 'z']) {
      await board.starAndSettle(publisher, state.addMessage({ channelId: channel.id, content }));
    }
    state.denyBot(starboard.id, 'ViewChannel');
    const attempts = () =>
      board.discord
        .requestsOf('DELETE /channels/{channel_id}/messages/{message_id}')
        .filter(({ path }) => path.includes(starboard.id)).length;
    await api.send('DELETE', 'settings/delete', { guild_id: guild.id });
    const waiting = 'starboard_tasks WHERE guild_id = $1 AND due_at > now() AND failing_since IS NOT NULL';
    await waitFor(async () => (await board.system.count(waiting, [guild.id])) === 3, {
      what: 'all three removals to be delayed',
    });
    expect(attempts()).toBe(1);
    starboard.overwrites = [];
    await board.system.database.query('UPDATE starboard_tasks SET due_at = now() WHERE guild_id = $1', [guild.id]);
    expect(await board.untilPosts(starboard, 0)).toEqual([]);
  });

  it('gives up on the posts of a guild that the bot has left', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    for (const content of ['x', 'y']) {
      const message = state.addMessage({ channelId: channel.id, content });
      await board.starAndSettle(publisher, message);
    }
    expect(board.postsIn(starboard)).toHaveLength(2);
    state.kickBot(guild.id);
    await publisher.publish('guild.deleted', { guild_id: guild.id });
    await untilGuildHasNoRows(guild.id);
    expect(board.postsIn(starboard)).toHaveLength(2);
  });

  it.each([
    ['', () => Promise.resolve()],
    [
      ' without a stored author of the message they reply to',
      (guildId: string) =>
        board.system.database.query('UPDATE starboard_entries SET reply_author_id = NULL WHERE guild_id = $1', [
          guildId,
        ]),
    ],
  ])('removes the member’s name from posts of replies%s, and changes nothing else', async (_, prepare) => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const mine = state.addMessage({ channelId: channel.id, content: 'how are you?' });
    const ofOther = state.addMessage({ channelId: channel.id, content: 'and you?' });
    for (const { id: messageId } of [mine, ofOther]) {
      const reference = { type: 0 as const, channelId: channel.id, messageId };
      const attachments = [{ filename: 'a cat.png' }];
      await board.starAndSettle(
        publisher,
        state.addMessage({ channelId: channel.id, content: 'fine', type: 19, reference, attachments }),
      );
    }
    const before = board.postsIn(starboard).map(({ embeds, attachments }) => structuredClone({ embeds, attachments }));
    await board.set(guild.id, { starboard_enabled: false });
    await prepare(guild.id);
    board.discord.faults.add({ kind: 'status', status: 503 }, { method: 'PATCH', times: 5 });
    expect((await erase(guild.id, mine.authorId)).data.starboard).toBe(0);
    await waitFor(
      async () =>
        (await board.system.count(`starboard_tasks WHERE guild_id = $1 AND task = 'unname' AND due_at IS NOT NULL`, [
          guild.id,
        ])) === 0,
      { what: 'the name to be removed', timeoutMs: 40_000 },
    );
    const link = `[a message](https://discord.com/channels/${guild.id}/${channel.id}/${mine.id})`;
    const after = board.postsIn(starboard).map(({ embeds, attachments }) => ({ embeds, attachments }));
    const [first, second] = before;
    expect(first!.embeds[0]!['fields']).toEqual([{ name: 'In reply to', value: `${link} of <@${mine.authorId}>` }]);
    const fields = [{ name: 'In reply to', value: link }];
    expect(after).toEqual([{ ...first!, embeds: [{ ...first!.embeds[0], fields }] }, second]);
    const replyAuthors = new Set((await board.entriesOf(guild.id)).map(({ reply_author_id }) => reply_author_id));
    expect(replyAuthors).toEqual(new Set(['0', ofOther.authorId]));
  });

  it('removes the name from a post of a reply that was being sent during the erasure', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const mine = state.addMessage({ channelId: channel.id, content: 'how are you?' });
    const reference = { type: 0 as const, channelId: channel.id, messageId: mine.id };
    const answer = state.addMessage({ channelId: channel.id, content: 'fine', type: 19, reference });
    let release!: () => void;
    let arrived = false;
    const until = new Promise<void>((resolve) => (release = resolve));
    board.discord.faults.add({ kind: 'late', until, onArrival: () => (arrived = true) }, POSTING);
    await board.star(publisher, answer);
    await waitFor(() => arrived, { what: 'the request of the post' });
    await erase(guild.id, mine.authorId);
    release();
    const [post] = await board.untilPosts(starboard, 1);
    await waitFor(() => !JSON.stringify(post!.embeds).includes(mine.authorId), { what: 'the name to be removed' });
    expect(post!.embeds[0]).toMatchObject({ description: 'fine' });
  });

  it('deletes a post even if the bot may not make new ones and other posts wait for that', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const message = state.addMessage({ channelId: channel.id, content: 'mine' });
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    await board.settled(message);
    state.denyBot(starboard.id, 'SendMessages');
    await board.star(publisher, state.addMessage({ channelId: channel.id, content: 'another’s' }));
    await waitFor(async () => (await board.system.count('starboard_problems WHERE guild_id = $1', [guild.id])) === 1, {
      what: 'the problem',
    });
    expect((await erase(guild.id, message.authorId)).data.starboard).toBe(1);
    expect(await board.untilPosts(starboard, 0)).toEqual([]);
  });
});
