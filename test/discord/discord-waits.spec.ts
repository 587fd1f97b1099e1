import { DiscordClient } from '#libs/discord';
import { DiscordDouble } from '../doubles/discord/index.js';
import { ManualClock } from '../doubles/manual-clock.js';
import { waitFor } from '../harness/wait-for.js';
import { discordErrorOf } from './discord-error-of.js';

const REQUEST_TIMEOUT_MS = 10_000;
const TEN_MINUTES_MS = 600_000;

describe('waits and retries of DiscordClient', () => {
  let clock: ManualClock;
  let discord: DiscordDouble;
  let client: DiscordClient;
  let guildId: string;
  let channelId: string;
  const { signal } = new AbortController();

  beforeEach(async () => {
    clock = new ManualClock();
    discord = await DiscordDouble.start({ clock });
    client = new DiscordClient({ token: discord.token, apiUrl: discord.url, clock });
    guildId = discord.state.addGuild().id;
    channelId = discord.state.addChannel({ guildId, type: 2, name: 'Members: 1' }).id;
  });
  afterEach(async () => {
    await discord.close();
    discord.assertNoViolations();
  });

  /** The current waits in milliseconds, without the deadlines of requests. */
  const pauses = () => clock.sleeping.filter((ms) => ms < REQUEST_TIMEOUT_MS);
  /** Waits until the next pause begins, and ends it. @returns its length in milliseconds */
  const skipPause = async () => {
    const [pause] = await waitFor(() => pauses().length > 0 && pauses(), { what: 'a pause of the client' });
    clock.advance(pause!);
    return pause!;
  };
  const untilRequested = (count: number) =>
    waitFor(() => discord.requests.length === count, { what: `${count} requests` });
  const message = (nonce: string) => ({ guildId, channelId, nonce, content: 'x' });
  const rename = (name: string, by = client) => by.channels.rename({ guildId, channelId, name }, signal);

  describe('without a usable response', () => {
    it('retries a read after growing pauses, and gives up after four requests', async () => {
      discord.faults.add({ kind: 'status', status: 502 }, { times: 10 });
      const failed = discordErrorOf(client.guilds.get(guildId, signal));
      const [first, second, third] = [await skipPause(), await skipPause(), await skipPause()];
      expect(await failed).toMatchObject({ kind: 'unavailable', mayHaveBeenDone: false });
      expect(discord.requests).toHaveLength(4);
      expect([first, second, third].map((pause, round) => pause / (250 * 2 ** round))).toEqual([
        expect.closeTo(0.75, 0),
        expect.closeTo(0.75, 0),
        expect.closeTo(0.75, 0),
      ]);
      expect(third).toBeGreaterThanOrEqual(500);
    });

    it.each([{ kind: 'status', status: 500 }, { kind: 'reset' }, { kind: 'malformed' }] as const)(
      'retries a read after %j',
      async (fault) => {
        discord.faults.add(fault);
        const guild = client.guilds.get(guildId, signal);
        await skipPause();
        expect(await guild).toMatchObject({ id: guildId });
        expect(discord.requests.map(({ fault: injected }) => injected)).toEqual([fault.kind, undefined]);
      },
    );

    it('waits ten seconds for a response, then retries a read', async () => {
      discord.faults.add({ kind: 'hang' });
      const guild = client.guilds.get(guildId, signal);
      await untilRequested(1);
      clock.advance(REQUEST_TIMEOUT_MS - 1);
      expect(pauses()).toEqual([]);
      clock.advance(1);
      await skipPause();
      expect(await guild).toMatchObject({ id: guildId });
    });

    it('retries a message, which is then posted only once', async () => {
      discord.faults.add({ kind: 'done_but_unknown' });
      const sent = client.messages.send(message('star-1'), signal);
      await skipPause();
      expect(discord.state.messagesOf(channelId).map(({ id }) => id)).toEqual([(await sent).id]);
      expect(discord.requests).toHaveLength(2);
    });

    it('retries a deletion, and takes 404 for success', async () => {
      const { id: messageId } = discord.state.addMessage({ channelId, authorId: discord.state.bot.id });
      discord.faults.add({ kind: 'done_but_unknown' });
      const deleted = client.messages.delete({ guildId, channelId, messageId }, signal);
      await skipPause();
      await expect(deleted).resolves.toBeUndefined();
      expect(discord.requests.map(({ status }) => status)).toEqual([undefined, 404]);
    });

    it('does not take a message for deleted if its channel does not exist', async () => {
      const { id: messageId } = discord.state.addMessage({ channelId, authorId: discord.state.bot.id });
      discord.faults.add({ kind: 'status', status: 503 });
      const failed = discordErrorOf(client.messages.delete({ guildId, channelId, messageId }, signal));
      await untilRequested(1);
      discord.state.deleteChannel(channelId);
      await skipPause();
      expect(await failed).toMatchObject({ kind: 'not_found', missingObject: 'channel', mayHaveBeenDone: true });
    });

    it.each([
      { fault: { kind: 'done_but_unknown' }, made: 1 },
      { fault: { kind: 'malformed' }, made: 1 },
      { fault: { kind: 'status', status: 500 }, made: 0 },
    ] as const)('does not create a second channel after $fault', async ({ fault, made }) => {
      discord.faults.add(fault);
      const error = await discordErrorOf(client.channels.createVoice({ guildId, name: 'new' }, signal));
      expect(error).toMatchObject({ kind: 'unavailable', mayHaveBeenDone: true });
      expect(discord.writes).toHaveLength(1);
      expect(discord.state.channelsOf(guildId).filter(({ name }) => name === 'new')).toHaveLength(made);
    });

    it('reports that nothing was done if the connection is refused', async () => {
      const { url, token } = await DiscordDouble.start().then(async (gone) => {
        const address = { url: gone.url, token: gone.token };
        await gone.close();
        return address;
      });
      const unconnected = new DiscordClient({ token, apiUrl: url, clock });
      const error = await discordErrorOf(unconnected.channels.createVoice({ guildId, name: 'new' }, signal));
      expect(error).toMatchObject({ kind: 'unavailable', mayHaveBeenDone: false });
      expect(error.message).toBe(`POST /guilds/${guildId}/channels: the connection was refused`);
    });
  });

  describe('a rate limit', () => {
    it.each([
      { headers: true, scope: 'user' },
      { headers: true, scope: 'shared' },
    ] as const)('of a few seconds delays the call ($scope)', async ({ headers, scope }) => {
      discord.faults.add({ kind: 'rate_limited', retryAfterMs: 4_300, scope, headers });
      const sent = client.messages.send(message('n'), signal);
      expect(await skipPause()).toBe(4_300);
      expect(await sent).toMatchObject({ content: 'x' });
    });

    it('without a time delays the call for a second', async () => {
      discord.faults.add({ kind: 'rate_limited', retryAfterMs: 0, headers: false });
      const guild = client.guilds.get(guildId, signal);
      expect(await skipPause()).toBe(1_000);
      expect(await guild).toMatchObject({ id: guildId });
    });

    it('of more than five seconds fails the call at once, and the next request is sent only after it', async () => {
      discord.faults.add({ kind: 'rate_limited', retryAfterMs: 5_001, scope: 'shared' });
      const first = await discordErrorOf(client.messages.send(message('n'), signal));
      expect(first.failure).toEqual({ kind: 'rate_limited', retryAfterMs: 5_001, scope: 'shared' });
      expect(first).toMatchObject({ route: `POST /channels/${channelId}/messages` });
      clock.advance(1);
      const sent = client.messages.send(message('n'), signal);
      await waitFor(() => pauses().length > 0, { what: 'a pause of the second call' });
      expect(discord.requests).toHaveLength(1);
      expect(await skipPause()).toBe(5_000);
      expect(await sent).toMatchObject({ content: 'x' });
    });

    it('delays only its route in its channel', async () => {
      const other = discord.state.addChannel({ guildId });
      discord.faults.add({ kind: 'rate_limited', retryAfterMs: 60_000 });
      await discordErrorOf(client.messages.send(message('n'), signal));
      const sent = await client.messages.send({ ...message('n'), channelId: other.id }, signal);
      expect(sent).toMatchObject({ channelId: other.id });
      expect(await client.guilds.get(guildId, signal)).toMatchObject({ id: guildId });
    });

    it.each([
      ['for all requests', { scope: 'global' }],
      ['of the IP address, with a response that is not JSON,', { headers: false }],
    ] as const)('%s delays all requests', async (_, limit) => {
      const other = discord.state.addGuild();
      discord.faults.add({ kind: 'rate_limited', retryAfterMs: 60_000, ...limit });
      const first = await discordErrorOf(client.messages.send(message('n'), signal));
      const second = await discordErrorOf(client.guilds.get(other.id, signal));
      expect([first.scope, second.scope]).toEqual(['global', 'global']);
      expect(discord.requests).toHaveLength(1);
      clock.advance(60_000);
      expect(await client.guilds.get(other.id, signal)).toMatchObject({ id: other.id });
    });

    it('delays one call by at most five seconds in total', async () => {
      discord.faults.add({ kind: 'rate_limited', retryAfterMs: 3_000 }, { times: 2 });
      const failed = discordErrorOf(client.messages.send(message('n'), signal));
      await skipPause();
      expect(await failed).toMatchObject({ kind: 'rate_limited', retryAfterMs: 3_000 });
    });

    it('does not create a channel twice', async () => {
      discord.faults.add({ kind: 'rate_limited', retryAfterMs: 1_000 });
      const made = client.channels.createVoice({ guildId, name: 'new' }, signal);
      await skipPause();
      expect(await made).toMatchObject({ name: 'new' });
      expect(discord.state.channelsOf(guildId)).toHaveLength(2);
    });
  });

  describe('the limit of two renames in ten minutes', () => {
    it('is known without a request', async () => {
      await rename('Members: 2');
      clock.advance(60_000);
      await rename('Members: 3');
      const third = await discordErrorOf(rename('Members: 4'));
      expect(third.failure).toEqual({ kind: 'rate_limited', retryAfterMs: TEN_MINUTES_MS - 60_000, scope: 'user' });
      expect(discord.requests).toHaveLength(2);
      clock.advance(TEN_MINUTES_MS - 60_000);
      expect(await rename('Members: 4')).toMatchObject({ name: 'Members: 4' });
    });

    it('is learned from Discord if another instance has renamed, and never delays a call', async () => {
      await rename('Members: 2');
      await rename('Members: 3');
      clock.advance(TEN_MINUTES_MS - 2_000);
      const other = new DiscordClient({ token: discord.token, apiUrl: discord.url, clock });
      const refused = await discordErrorOf(rename('Members: 4', other));
      expect(refused).toMatchObject({ kind: 'rate_limited', retryAfterMs: 2_000, scope: 'user' });
      expect(discord.state.channel(channelId).name).toBe('Members: 3');
      const again = await discordErrorOf(rename('Members: 4', other));
      expect(again).toMatchObject({ kind: 'rate_limited', retryAfterMs: 2_000 });
      expect(discord.requests).toHaveLength(3);
      clock.advance(2_000);
      expect(await rename('Members: 4', other)).toMatchObject({ name: 'Members: 4' });
    });

    it('does not count a rename that Discord refused', async () => {
      discord.state.denyBot(channelId, 'ManageChannels');
      await discordErrorOf(rename('Members: 2'));
      await discordErrorOf(rename('Members: 2'));
      discord.state.channel(channelId).overwrites = [];
      expect(await rename('Members: 2')).toMatchObject({ name: 'Members: 2' });
    });

    it('applies to each channel separately', async () => {
      await rename('Members: 2');
      await rename('Members: 3');
      const other = discord.state.addChannel({ guildId, type: 2 });
      const renamed = await client.channels.rename({ guildId, channelId: other.id, name: 'Online: 1' }, signal);
      expect(renamed).toMatchObject({ name: 'Online: 1' });
    });
  });

  describe('a signal', () => {
    it('ends a request', async () => {
      const stop = new AbortController();
      discord.faults.add({ kind: 'hang' });
      const guild = client.guilds.get(guildId, stop.signal);
      await untilRequested(1);
      stop.abort(new Error('stopping'));
      await expect(guild).rejects.toThrow('stopping');
    });

    it('ends a pause', async () => {
      const stop = new AbortController();
      discord.faults.add({ kind: 'rate_limited', retryAfterMs: 4_000 });
      const guild = client.guilds.get(guildId, stop.signal);
      await waitFor(() => pauses().length > 0, { what: 'a pause of the client' });
      stop.abort(new Error('stopping'));
      await expect(guild).rejects.toThrow('stopping');
      expect(clock.sleeping).toEqual([]);
    });

    it('ends a call that has not begun', async () => {
      const stop = new AbortController();
      stop.abort(new Error('stopping'));
      await expect(client.guilds.get(guildId, stop.signal)).rejects.toThrow('stopping');
      expect(discord.requests).toEqual([]);
    });
  });

  describe('many calls', () => {
    it('of one guild wait for each other, but do not delay other guilds', async () => {
      const other = discord.state.addGuild();
      const stop = new AbortController();
      const channels = Array.from({ length: 6 }, () => discord.state.addChannel({ guildId }));
      discord.faults.add({ kind: 'hang' }, { path: /channels/, times: 6 });
      const calls = channels.map(({ id }) => client.channels.get({ guildId, channelId: id }, stop.signal));
      await untilRequested(4);
      expect(await client.guilds.get(other.id, signal)).toMatchObject({ id: other.id });
      expect(discord.requests).toHaveLength(5);
      stop.abort(new Error('stopping'));
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.map(({ status }) => status)).toEqual(Array(6).fill('rejected'));
    });
  });
});

describe('rate limit buckets of Discord', () => {
  it('are never exceeded: further requests wait for the next window without a 429', async () => {
    const discord = await DiscordDouble.start();
    const guildId = discord.state.addGuild().id;
    const channelId = discord.state.addChannel({ guildId }).id;
    discord.limits.set('POST /channels/{channel_id}/messages', { requests: 2, windowMs: 250 });
    const client = new DiscordClient({ token: discord.token, apiUrl: discord.url });
    const { signal } = new AbortController();
    const nonces = ['a', 'b', 'c', 'd', 'e'];
    // The first response contains the bucket.
    await client.messages.send({ guildId, channelId, nonce: 'first', content: 'x' }, signal);
    await Promise.all(
      nonces.map((nonce) => client.messages.send({ guildId, channelId, nonce, content: nonce }, signal)),
    );
    await discord.close();
    expect(discord.state.messagesOf(channelId)).toHaveLength(6);
    expect(discord.requests.map(({ status }) => status)).toEqual(Array(6).fill(200));
    discord.assertNoViolations();
  });
});
