import type { Readiness } from '#libs/observability';
import type { Publisher } from '../harness/publisher.js';
import type { ServiceProcess } from '../harness/services.js';
import { waitFor } from '../harness/wait-for.js';
import { StarboardSystem, type StarboardGuild } from './starboard-system.js';

describe('the starboard, when Discord refuses or fails', () => {
  let board: StarboardSystem;
  let publisher: Publisher;
  let service: ServiceProcess;

  beforeAll(async () => {
    board = await StarboardSystem.create();
    service = await board.startIngestion();
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

  const linesWith = (text: string) =>
    service
      .output()
      .split('\n')
      .filter((line) => line.includes(text));
  const problemsOf = (guildId: string) =>
    board.system.database.query<{ channel_id: string; problem: string; attempts: number }>(
      `SELECT channel_id, problem, attempts FROM starboard_problems WHERE guild_id = $1`,
      [guildId],
    );
  const retryNow = async (guildId: string) => {
    await board.system.database.query(`UPDATE starboard_problems SET retry_at = now() WHERE guild_id = $1`, [guildId]);
    await board.system.database.query(
      `UPDATE starboard_tasks SET due_at = now() WHERE guild_id = $1 AND due_at IS NOT NULL`,
      [guildId],
    );
  };

  it('logs a missing permission and its channel once, serves other guilds, and posts when the permission is granted', async () => {
    const lacking = await board.openGuild({ count: 1 });
    const healthy = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    state.denyBot(lacking.starboard.id, 'SendMessages');
    const messages = [1, 2, 3].map(() => state.addMessage({ channelId: lacking.channel.id, content: 'x' }));
    for (const message of messages) await board.star(publisher, message);
    const fine = state.addMessage({ channelId: healthy.channel.id, content: 'x' });
    await board.star(publisher, fine);
    await board.untilPosts(healthy.starboard, 1);

    const [problem] = await waitFor(async () => (await problemsOf(lacking.guild.id)).slice(0, 1), {
      what: 'a problem',
    });
    await waitFor(async () => (await problemsOf(lacking.guild.id)).length === 1, { what: 'the problem' });
    expect((await problemsOf(lacking.guild.id))[0]).toMatchObject({
      channel_id: lacking.starboard.id,
      problem: expect.stringContaining(`the bot lacks Send Messages in channel ${lacking.starboard.id}`),
    });
    await retryNow(lacking.guild.id);
    await waitFor(async () => (await problemsOf(lacking.guild.id))[0]!.attempts > (problem?.attempts ?? 0), {
      what: 'another attempt',
    });
    expect(linesWith(lacking.starboard.id)).toHaveLength(1);

    state.channel(lacking.starboard.id).overwrites.length = 0;
    await waitFor(
      async () => {
        await retryNow(lacking.guild.id);
        return board.postsIn(lacking.starboard).length === 3;
      },
      { what: 'three posts', timeoutMs: 30_000, intervalMs: 500 },
    );
    expect(await problemsOf(lacking.guild.id)).toEqual([]);
  });

  it('reports that a channel of messages cannot be read', async () => {
    const { guild, channel } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    state.denyBot(channel.id, 'ReadMessageHistory');
    const message = state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    await waitFor(async () => (await problemsOf(guild.id)).length === 1, { what: 'the problem' });
    expect((await problemsOf(guild.id))[0]!.problem).toContain(
      `the bot lacks Read Message History in channel ${channel.id}`,
    );
  });

  it.each([
    { when: 'the bot was kicked', prepare: ({ guild }: StarboardGuild) => board.discord.state.kickBot(guild.id) },
    {
      when: 'a channel is private and Discord fails for the guild',
      prepare: ({ guild, channel }: StarboardGuild) => {
        board.discord.state.denyBot(channel.id, 'ViewChannel');
        const path = new RegExp(`^/guilds/${guild.id}$`);
        board.discord.faults.add({ kind: 'status', status: 500 }, { path, times: 1_000 });
      },
    },
  ])('stays alive and serves other guilds when $when', async ({ prepare }) => {
    const refused = await board.openGuild({ count: 1 });
    const other = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const newMessage = ({ channel }: StarboardGuild) => state.addMessage({ channelId: channel.id, content: 'x' });
    const message = newMessage(refused);
    prepare(refused);
    await board.star(publisher, message);
    await waitFor(async () => service.child.exitCode ?? (await problemsOf(refused.guild.id)).length > 0, {
      what: 'the problem to be stored',
    });
    expect(service.child.exitCode).toBeNull();
    await board.star(publisher, newMessage(other));
    await board.untilPosts(other.starboard, 1);
  });

  it('waits as long as a rate limit says', async () => {
    const { channel, starboard } = await board.openGuild({ count: 1 });
    const path = new RegExp(`^/channels/${starboard.id}/messages$`);
    board.discord.faults.add({ kind: 'rate_limited', retryAfterMs: 6_000 }, { method: 'POST', path });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    const [first, second] = board.discord.requests.filter(
      (request) => request.method === 'POST' && path.test(request.path),
    );
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(6_000);
  });

  it('catches up after an outage, and stores statistics during it', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    await board.set(guild.id, { switches: ['stats_command_usage'] });
    const { state } = board.discord;
    board.discord.faults.add({ kind: 'hang' }, { times: 1_000 });
    const messages = Array.from({ length: 3 }, () => state.addMessage({ channelId: channel.id, content: 'x' }));
    const asked = board.discord.requests.length;
    for (const message of messages) await board.star(publisher, message);
    await waitFor(() => board.discord.requests.length > asked, { what: 'a hanging request' });

    const statistics = 20_000;
    const event = (index: number) => ({ guild_id: guild.id, command: `c${index % 10}`, user_id: guild.ownerId });
    await Promise.all(
      Array.from({ length: statistics }, (_, index) => publisher.publish('command.used', event(index))),
    );
    await waitFor(
      async () => (await board.system.count('statistic_events WHERE guild_id = $1', [guild.id])) === statistics,
      {
        what: 'the statistics',
        timeoutMs: 30_000,
      },
    );
    const answered = board.discord.requests.slice(asked).filter(({ status }) => status !== undefined);
    expect(answered).toEqual([]);

    board.discord.faults.clear();
    await board.untilPosts(starboard, 3).catch(async () => {
      await retryNow(guild.id);
      await board.untilPosts(starboard, 3);
    });
  });

  it('gives up a message after a day of failures, and logs it', async () => {
    const { guild, channel } = await board.openGuild({ count: 1 });
    const path = new RegExp(channel.id);
    board.discord.faults.add({ kind: 'status', status: 502 }, { path, times: 1_000 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    const ofGuild = 'starboard_tasks WHERE guild_id = $1';
    await waitFor(() => board.system.count(`${ofGuild} AND failing_since IS NOT NULL`, [guild.id]), {
      what: 'the first failure',
    });
    await board.system.database.query(
      `UPDATE starboard_tasks SET due_at = now(), failing_since = now() - interval '25 hours' WHERE guild_id = $1`,
      [guild.id],
    );
    await waitFor(async () => (await board.system.count(ofGuild, [guild.id])) === 0, {
      what: 'the task to be dropped',
    });
    await waitFor(() => linesWith(message.id).length > 0, { what: 'the log line' });
    expect(linesWith(message.id)).toEqual([expect.stringContaining('given up')]);
  });

  it('delays no other guild while Discord hangs for one', async () => {
    const slow = await board.openGuild({ count: 1 });
    const fast = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    board.discord.faults.add({ kind: 'hang' }, { path: new RegExp(slow.channel.id), times: 1_000 });
    const blocked = Array.from({ length: 40 }, () => state.addMessage({ channelId: slow.channel.id, content: 'x' }));
    const asked = board.discord.requests.length;
    for (const message of blocked) await board.star(publisher, message);
    await waitFor(() => board.discord.requests.length > asked, { what: 'a hanging request' });
    const message = state.addMessage({ channelId: fast.channel.id, content: 'x' });
    await board.star(publisher, message);
    await board.untilPosts(fast.starboard, 1);
    expect(board.postsIn(slow.starboard)).toEqual([]);
  });

  it('delays no other guild while thousands of messages of one wait for a permission', async () => {
    const lacking = await board.openGuild({ count: 1 });
    const other = await board.openGuild({ count: 1 });
    await board.system.database.query(
      `INSERT INTO starboard_problems (guild_id, channel_id, problem, since, seen_at, retry_at, attempts)
       VALUES ($1, $2, 'made up', now(), now(), now() + interval '1 hour', 1)`,
      [lacking.guild.id, lacking.channel.id],
    );
    // Due like after a pause: no event wakes the worker.
    const addDue = ({ guild, channel }: StarboardGuild, messageIds: string[]) =>
      board.system.database.query(
        `INSERT INTO starboard_tasks (guild_id, message_id, task, channel_id, created_at, due_at)
         SELECT $1, unnest($3::bigint[]), 'follow', $2, now(), now()`,
        [guild.id, channel.id, messageIds],
      );
    const message = board.discord.state.addMessage({ channelId: other.channel.id, content: 'x' });
    board.discord.state.addReaction(message.id);
    await addDue(
      lacking,
      Array.from({ length: 5_000 }, (_, index) => String(index + 1)),
    );
    await addDue(other, [message.id]);
    await board.untilPosts(other.starboard, 1);
    const ofLacking = 'starboard_tasks WHERE guild_id = $1';
    expect(await board.system.count(`${ofLacking} AND due_at <= now()`, [lacking.guild.id])).toBeGreaterThan(4_000);
    await board.system.database.query(`DELETE FROM ${ofLacking}`, [lacking.guild.id]);
  });

  it('does not repost an entry that somebody deleted, even if all stars are removed and given again', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const message = state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    const [post] = await board.untilPosts(starboard, 1);
    await board.settled(message);
    state.deleteMessage(post!.id);
    message.reactions.clear();
    await board.publishStarEvent(publisher, message, 'star.removed');
    await waitFor(async () => (await board.entriesOf(guild.id))[0]?.['state'] === 'withdrawn', {
      what: 'the entry to be withdrawn',
    });
    await board.settled(message);
    await board.starAndSettle(publisher, message);
    expect(board.postsIn(starboard)).toEqual([]);
  });

  it('shows the right count when an edit got no response and the count has returned to the old one', async () => {
    const { channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const message = state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message, 2);
    await board.untilContent(starboard, '**2**');
    await board.settled(message);
    board.discord.faults.add({ kind: 'done_but_unknown' }, { method: 'PATCH', path: /\/messages\/\d+$/, times: 4 });
    state.addReaction(message.id);
    await board.publishStarEvent(publisher, message);
    await board.untilContent(starboard, '**3**');
    const [stars] = message.reactions.values();
    stars!.delete([...stars!].at(-1)!);
    await board.publishStarEvent(publisher, message, 'star.removed');
    expect((await board.untilContent(starboard, '**2**')).content).toContain('**2**');
  }, 30_000);

  it('reads the message from the channel of its entry, even if an event names another channel', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const other = state.addChannel({ guildId: guild.id });
    const message = state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    await board.settled(message);
    state.addReaction(message.id);
    await publisher.publish('star.added', { guild_id: guild.id, channel_id: other.id, message_id: message.id });
    await board.untilContent(starboard, '**2**');
    expect(board.postsIn(starboard)).toHaveLength(1);
  });
});

describe('the starboard, when the token is refused', () => {
  let board: StarboardSystem;

  beforeAll(async () => {
    board = await StarboardSystem.create();
  });
  afterAll(() => board.close());

  it('makes no more requests, reports it in readiness, and works off the backlog with a new token', async () => {
    const service = await board.startIngestion({ DISCORD_TOKEN: 'revoked' });
    const publisher = await board.system.connectPublisher();
    const { channel, starboard } = await board.openGuild({ count: 1 });
    const messages = [1, 2].map(() => board.discord.state.addMessage({ channelId: channel.id, content: 'x' }));
    for (const message of messages) await board.star(publisher, message);
    const readiness = async () => (await (await fetch(`${service.url}/readyz`)).json()) as Readiness;
    await waitFor(async () => (await readiness()).checks['discord']?.status === 'degraded', {
      what: 'degraded readiness',
    });
    expect((await readiness()).status).toBe('ready');
    const handled = await board.system.eventsHandled();
    await board.publishStarEvent(publisher, messages[0]!);
    await board.system.untilHandled(handled + 1);
    expect(board.discord.requests.filter(({ status }) => status === 401)).toHaveLength(1);
    await service.stop();

    await board.startIngestion();
    await board.untilPosts(starboard, 2);
    await publisher.close();
    board.requireNoViolations();
  });
});

describe('the starboard, without a token', () => {
  let board: StarboardSystem;

  beforeAll(async () => {
    board = await StarboardSystem.create();
  });
  afterAll(() => board.close());

  it('counts and drops star events, and logs it once', async () => {
    const service = await board.system.startIngestion();
    const publisher = await board.system.connectPublisher();
    const { channel } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    for (const name of ['star.added', 'star.removed', 'star.added'])
      await board.publishStarEvent(publisher, message, name);
    await board.system.untilHandled(3);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain('serverstats_events_total{outcome="no_discord"} 3');
    expect(service.output().split('needs DISCORD_TOKEN')).toHaveLength(2);
    expect(await board.system.count('starboard_tasks')).toBe(0);
    expect(board.discord.requests).toEqual([]);
    await publisher.close();
  });
});
