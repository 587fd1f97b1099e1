import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { DiscordClient, DiscordError, type DiscordUser, type FileUpload } from '#libs/discord';
import { DiscordDouble } from '../doubles/discord/index.js';
import { ManualClock } from '../doubles/manual-clock.js';
import { waitFor } from '../harness/wait-for.js';
import { discordErrorOf } from './discord-error-of.js';

describe('DiscordClient', () => {
  let discord: DiscordDouble;
  let client: DiscordClient;
  let guildId: string;
  let channelId: string;
  const { signal } = new AbortController();

  beforeEach(async () => {
    discord = await DiscordDouble.start();
    client = new DiscordClient({ token: discord.token, apiUrl: discord.url });
    guildId = discord.state.addGuild({ name: 'Lantern', memberCount: 12, presenceCount: 3, premiumTier: 2 }).id;
    channelId = discord.state.addChannel({ guildId, name: 'general' }).id;
  });
  afterEach(async () => {
    await discord.close();
    discord.assertNoViolations();
  });

  describe('guilds', () => {
    it('reads a guild with its counts', async () => {
      discord.state.guild(guildId).premiumSubscriptionCount = 7;
      expect(await client.guilds.get(guildId, signal)).toEqual({
        id: guildId,
        name: 'Lantern',
        ownerId: discord.state.guild(guildId).ownerId,
        icon: null,
        premiumTier: 2,
        premiumSubscriptionCount: 7,
        approximateMemberCount: 12,
        approximatePresenceCount: 3,
      });
    });

    it('reads channels with their permission overwrites', async () => {
      discord.state.denyBot(channelId, 'SendMessages');
      const category = discord.state.addChannel({ guildId, type: 4, name: 'Numbers' });
      discord.state.addChannel({ guildId, type: 2, name: 'Members: 3', parentId: category.id, nsfw: true });
      const channels = await client.guilds.channels(guildId, signal);
      expect(channels.map(({ name, type, parentId, isNsfw }) => ({ name, type, parentId, isNsfw }))).toEqual([
        { name: 'general', type: 0, parentId: null, isNsfw: false },
        { name: 'Numbers', type: 4, parentId: null, isNsfw: false },
        { name: 'Members: 3', type: 2, parentId: category.id, isNsfw: true },
      ]);
      expect(channels[0]!.overwrites).toEqual([{ id: discord.state.bot.id, of: 'member', allow: 0n, deny: 1n << 11n }]);
    });

    it('reads roles', async () => {
      const role = discord.state.addRole({ guildId, name: 'Keeper', color: 0xff0000, permissions: 1n << 40n });
      expect(await client.guilds.roles(guildId, signal)).toContainEqual({
        id: role.id,
        name: 'Keeper',
        color: 0xff0000,
        position: 1,
        permissions: 1n << 40n,
      });
    });

    it('reads the bot as a member, and requests its user id only once', async () => {
      const { id: userId } = discord.state.bot;
      const member = discord.state.member(guildId, userId);
      const timedOutUntil = Date.UTC(2027, 0, 1);
      member.timedOutUntil = timedOutUntil;
      expect(await client.guilds.self(guildId, signal)).toEqual({ userId, roleIds: member.roleIds, timedOutUntil });
      await client.guilds.self(guildId, signal);
      expect(discord.requestsOf('GET /users/@me')).toHaveLength(1);
    });
  });

  describe('channels', () => {
    it('creates a voice channel that nobody can join, renames it and deletes it', async () => {
      const category = discord.state.addChannel({ guildId, type: 4 });
      const connect = 1n << 20n;
      // Without Connect the bot could not rename the channel.
      const overwrites = [
        { id: guildId, of: 'role', allow: 0n, deny: connect },
        { id: discord.state.bot.id, of: 'member', allow: connect, deny: 0n },
      ] as const;
      const made = await client.channels.createVoice(
        { guildId, name: 'Members: 12', parentId: category.id, overwrites },
        signal,
      );
      expect(discord.state.channel(made.id)).toMatchObject({
        type: 2,
        name: 'Members: 12',
        parentId: category.id,
        overwrites: [
          { id: guildId, type: 0, allow: 0n, deny: connect },
          { id: discord.state.bot.id, type: 1, allow: connect, deny: 0n },
        ],
      });
      const target = { guildId, channelId: made.id };
      expect(await client.channels.rename({ ...target, name: 'Members: 13' }, signal)).toMatchObject({
        id: made.id,
        name: 'Members: 13',
      });
      expect(await client.channels.get(target, signal)).toMatchObject({ name: 'Members: 13' });
      await client.channels.delete(target, signal);
      expect(discord.state.channels.has(made.id)).toBe(false);
    });
  });

  describe('messages', () => {
    const picture: FileUpload = { name: 'a.png', data: new Uint8Array([0x89, 0x50, 0x4e, 0x47]), description: 'A' };

    it('reads a message with its contents', async () => {
      const author = discord.state.addUser({ username: 'marisol', globalName: 'Marisol' });
      const original = discord.state.addMessage({ channelId });
      const { id: messageId } = discord.state.addMessage({
        channelId,
        authorId: author.id,
        content: 'hello',
        reference: { type: 0, channelId, messageId: original.id },
        attachments: [{ filename: 'cat.png', data: new Uint8Array(5) }],
        embeds: [{ type: 'image', thumbnail: { url: 'https://example.org/cat.png' } }],
      });
      discord.state.addReaction(messageId);
      discord.state.addReaction(messageId);
      const message = await client.messages.get({ guildId, channelId, messageId }, signal);
      expect(message).toMatchObject({
        id: messageId,
        channelId,
        author: { id: author.id, name: 'Marisol', isBot: false },
        content: 'hello',
        reference: { kind: 'reply', channelId, messageId: original.id },
        attachments: [{ filename: 'cat.png', contentType: 'image/png', size: 5 }],
        embeds: [{ type: 'image', thumbnailUrl: 'https://example.org/cat.png' }],
        reactions: [{ emoji: '⭐', count: 2 }],
      });
      const file = await fetch(message.attachments[0]!.url!);
      expect((await file.arrayBuffer()).byteLength).toBe(5);
    });

    it('reads the contents of a forward', async () => {
      const original = discord.state.addMessage({ channelId, content: 'first' });
      const { id: messageId } = discord.state.addMessage({
        channelId,
        reference: { type: 1, channelId, messageId: original.id },
        snapshots: [original],
      });
      expect(await client.messages.get({ guildId, channelId, messageId }, signal)).toMatchObject({
        content: '',
        reference: { kind: 'forward' },
        forwarded: [{ content: 'first' }],
      });
    });

    it('lists all users who reacted, page by page, ordered by id', async () => {
      const { id: messageId } = discord.state.addMessage({ channelId });
      const users = Array.from({ length: 230 }, (_, index) => discord.state.addUser({ isBot: index === 0 }));
      users[1] = discord.state.addUser({ username: 'm', globalName: 'Marisol', avatar: 'hash' });
      const ids = users.map(({ id }) => id).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
      discord.state.addReaction(messageId, [...ids].reverse());
      discord.state.addReaction(messageId, [discord.state.addUser().id], '🔥');
      const reacted: DiscordUser[] = [];
      for await (const page of client.messages.reactionPages({ guildId, channelId, messageId }, signal)) {
        reacted.push(...page);
      }
      expect(reacted.map(({ id }) => id)).toEqual(ids);
      expect(reacted.filter(({ isBot }) => isBot)).toHaveLength(1);
      expect(reacted).toContainEqual({ id: users[1]!.id, name: 'Marisol', avatar: 'hash', isBot: false });
      expect(discord.requests).toHaveLength(3);
    });

    it('requests a page only when it is read', async () => {
      const { id: messageId } = discord.state.addMessage({ channelId });
      for (let count = 0; count < 101; count++) discord.state.addReaction(messageId);
      const pages = client.messages.reactionPages({ guildId, channelId, messageId }, signal);
      expect((await pages.next()).value).toHaveLength(100);
      expect(discord.requests).toHaveLength(1);
    });

    it('sends a message without mentions, with a file that its embed shows', async () => {
      const embeds = [{ title: 'Starred', image: { url: 'attachment://a.png' } }];
      const sent = await client.messages.send(
        { guildId, channelId, nonce: 'n-1', content: 'hi @everyone', embeds, files: [picture] },
        signal,
      );
      expect(discord.state.message(sent.id)).toMatchObject({
        content: 'hi @everyone',
        authorId: discord.state.bot.id,
        allowedMentions: { parse: [] },
        attachments: [{ filename: 'a.png', description: 'A', data: picture.data }],
      });
      const shown = await fetch(sent.embeds[0]!.imageUrl!);
      expect(new Uint8Array(await shown.arrayBuffer())).toEqual(picture.data);
    });

    it('sends a message only once if it is repeated with the same nonce', async () => {
      const message = { guildId, channelId, nonce: 'star-1', content: 'once' };
      const [first, second] = [
        await client.messages.send(message, signal),
        await client.messages.send(message, signal),
      ];
      expect(second.id).toBe(first.id);
      expect(discord.state.messagesOf(channelId)).toHaveLength(1);
    });

    it('edits a message, and keeps fields that are not given', async () => {
      const sent = await client.messages.send(
        { guildId, channelId, nonce: 'n', content: 'one', embeds: [{ title: 'kept' }] },
        signal,
      );
      const edited = await client.messages.edit({ guildId, channelId, messageId: sent.id, content: 'two' }, signal);
      expect(edited).toMatchObject({ content: 'two', embeds: [{ title: 'kept' }] });
      expect(discord.state.message(sent.id)).toMatchObject({ content: 'two', allowedMentions: { parse: [] } });
    });

    it('deletes a message', async () => {
      const sent = await client.messages.send({ guildId, channelId, nonce: 'n', content: 'gone soon' }, signal);
      await client.messages.delete({ guildId, channelId, messageId: sent.id }, signal);
      expect(discord.state.messagesOf(channelId)).toEqual([]);
    });
  });

  describe('refused requests', () => {
    it.each([
      { object: 'channel', code: 10003, ask: () => client.channels.get({ guildId, channelId: MISSING }, signal) },
      { object: 'guild', code: 10004, ask: () => client.guilds.get(MISSING, signal) },
      {
        object: 'message',
        code: 10008,
        ask: () => client.messages.get({ guildId, channelId, messageId: MISSING }, signal),
      },
    ])('reports that the $object does not exist', async ({ object, code, ask }) => {
      const error = await discordErrorOf(ask());
      expect(error).toMatchObject({ kind: 'not_found', missingObject: object, code });
    });

    it('distinguishes a channel that the bot cannot see from one where it lacks a permission', async () => {
      const hidden = discord.state.addChannel({ guildId });
      discord.state.denyBot(hidden.id, 'ViewChannel');
      discord.state.denyBot(channelId, 'SendMessages');
      const message = { guildId, nonce: 'n', content: 'x' };
      const [unseen, mute] = [
        await discordErrorOf(client.messages.send({ ...message, channelId: hidden.id }, signal)),
        await discordErrorOf(client.messages.send({ ...message, channelId }, signal)),
      ];
      expect(unseen).toMatchObject({ kind: 'forbidden', code: 50001 });
      expect(mute).toMatchObject({ kind: 'forbidden', code: 50013, route: `POST /channels/${channelId}/messages` });
      expect(discord.requests).toHaveLength(2);
    });

    it('names the fields that Discord refuses', async () => {
      const category = discord.state.addChannel({ guildId, type: 4 });
      for (let count = 0; count < 50; count++) discord.state.addChannel({ guildId, parentId: category.id });
      const error = await discordErrorOf(
        client.channels.createVoice({ guildId, name: 'one too many', parentId: category.id }, signal),
      );
      expect(error.failure).toEqual({
        kind: 'rejected',
        status: 400,
        code: 50035,
        reason: 'Invalid Form Body',
        fields: [{ field: 'parent_id', message: 'Maximum number of channels in category reached (50)' }],
      });
      expect(error.message).toBe(`POST /guilds/${guildId}/channels: Invalid Form Body (50035)`);
    });

    it('reports that a file is too large for the guild', async () => {
      discord.state.guild(guildId).premiumTier = 0;
      const files = [{ name: 'large.bin', data: new Uint8Array(10 * 2 ** 20 + 1) }];
      const error = await discordErrorOf(client.messages.send({ guildId, channelId, nonce: 'n', files }, signal));
      expect(error.failure).toMatchObject({ kind: 'rejected', status: 413, code: 40005 });
      expect(discord.requests).toHaveLength(1);
    });
  });

  describe('a token that Discord refuses', () => {
    it('stops all requests, and is reported by health', async () => {
      const other = new DiscordClient({ token: 'not-the-token-of-the-bot', apiUrl: discord.url });
      expect(other.health).toEqual({ status: 'ok' });
      const [first, second] = [
        await discordErrorOf(other.guilds.get(guildId, signal)),
        await discordErrorOf(other.users.self(signal)),
      ];
      expect([first.kind, second.kind]).toEqual(['unauthorized', 'unauthorized']);
      expect(discord.requests).toHaveLength(1);
      expect(other.health).toEqual({ status: 'failed', message: 'Discord does not accept the token' });
    });

    it('is retried by one call every five minutes, and works once Discord accepts it', async () => {
      const clock = new ManualClock();
      const patient = new DiscordClient({ token: discord.token, apiUrl: discord.url, clock });
      const askAtOnce = async () => {
        const calls = [1, 2, 3].map(() => patient.guilds.get(guildId, signal).catch((error: DiscordError) => error));
        const answers = await Promise.all(calls);
        return answers.map((answer) => (answer instanceof DiscordError ? answer.kind : 'answered'));
      };
      const allRefused = ['unauthorized', 'unauthorized', 'unauthorized'];
      discord.faults.add({ kind: 'unauthorized' }, { times: 2 });
      await discordErrorOf(patient.guilds.get(guildId, signal));
      clock.advance(5 * 60_000 - 1);
      expect(await askAtOnce()).toEqual(allRefused);
      expect(discord.requests).toHaveLength(1);
      clock.advance(1);
      expect(await askAtOnce()).toEqual(allRefused);
      expect(discord.requests).toHaveLength(2);
      clock.advance(5 * 60_000);
      await patient.guilds.get(guildId, signal);
      expect(patient.health).toEqual({ status: 'ok' });
      expect(await askAtOnce()).toEqual(['answered', 'answered', 'answered']);
    });

    it('is noticed by health checks, which send a request after five minutes without responses', async () => {
      const clock = new ManualClock();
      const idle = new DiscordClient({ token: 'not-the-token-of-the-bot', apiUrl: discord.url, clock });
      const probe = () => idle.probe().catch((error: Error) => error.message);
      const isRefused = () =>
        waitFor(async () => (await probe()) === 'Discord does not accept the token', { what: 'the refusal' });
      await isRefused();
      expect(discord.requests).toHaveLength(1);
      clock.advance(5 * 60_000);
      await probe();
      await waitFor(() => discord.requests.length === 2, { what: 'another try of the token' });
      await isRefused();
      expect(discord.requests).toHaveLength(2);
    });

    it('is noticed when it is revoked', async () => {
      await client.guilds.get(guildId, signal);
      discord.faults.add({ kind: 'unauthorized' });
      // Both wait in the queue of their route, and the second is never sent.
      const calls = [client.guilds.get(guildId, signal), client.guilds.get(guildId, signal)];
      const errors = await Promise.all(calls.map(discordErrorOf));
      expect(errors.map(({ kind }) => kind)).toEqual(['unauthorized', 'unauthorized']);
      expect(discord.requests).toHaveLength(2);
      expect(client.health.status).toBe('failed');
    });

    it('is not contained in errors, even if the response repeats it', async () => {
      const echo = createServer((request, response) => {
        const { authorization } = request.headers;
        const body = { code: 50035, message: authorization, errors: { x: { _errors: [{ message: authorization }] } } };
        response.writeHead(400, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      }).listen(0, '127.0.0.1');
      await once(echo, 'listening');
      const apiUrl = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
      const error = await discordErrorOf(
        new DiscordClient({ token: 'the-secret', apiUrl }).guilds.get(guildId, signal),
      );
      echo.close();
      echo.closeAllConnections();
      expect(error.failure).toMatchObject({ kind: 'rejected', fields: [{ field: 'x', message: 'Bot ***' }] });
      expect(inspect(error, { depth: 10 })).not.toContain('the-secret');
    });
  });
});

/** An id that does not exist. */
const MISSING = '100000000000000001';
