import { randomUUID } from 'node:crypto';
import { DiscordDouble, type StoredChannel } from '../doubles/discord/index.js';
import type { StoredMessage } from '../doubles/discord/discord-state.js';
import { ManualClock } from '../doubles/manual-clock.js';
import type { ApiClient } from '../harness/api-client.js';
import { startServicesInProcess, type ServicesInProcess } from '../harness/services-in-process.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const DAY_MS = 86_400_000;

describe('changes that the starboard received no event about', () => {
  let database: TestDatabase;
  let discord: DiscordDouble;
  let clock: ManualClock;
  let services: ServicesInProcess;
  let api: ApiClient;
  let guildId: string;
  let channel: StoredChannel;
  let starboard: StoredChannel;

  beforeAll(async () => {
    database = await createTestDatabase();
    clock = new ManualClock(Date.now());
    discord = await DiscordDouble.start({ clock });
    services = await startServicesInProcess({ database, discord, clock, ingestions: 2 });
    api = services.api;
  });
  afterAll(async () => {
    await services.close();
    await discord.close();
    await database.release();
  });
  beforeEach(async () => {
    guildId = discord.state.addGuild().id;
    channel = discord.state.addChannel({ guildId });
    starboard = discord.state.addChannel({ guildId });
    await send('POST', 'enable');
    await send('PATCH', 'settings', {
      starboard_enabled: true,
      starboard_channel: starboard.id,
      starboard_count: 1,
    });
  });
  afterEach(async () => {
    await database.query('DELETE FROM starboard_entries');
    discord.assertNoViolations();
  });

  const send = async (method: string, path: string, body: Record<string, unknown> = {}) =>
    expect(await api.send(method, path, { guild_id: guildId, ...body })).toMatchObject({ status: 200 });
  const newMessage = () => {
    const message = discord.state.addMessage({ channelId: channel.id, content: 'x' });
    discord.state.addReaction(message.id);
    return message;
  };
  const publishStar = ({ id }: StoredMessage) =>
    services.handover.handOver({
      name: 'star.added',
      eventId: randomUUID(),
      occurredAt: Date.now(),
      body: { guild_id: guildId, channel_id: channel.id, message_id: id },
    });
  const posts = () => discord.state.messagesOf(starboard.id).length;
  const entries = () =>
    database.query<{ message_id: string; look_at: Date | null }>(
      'SELECT message_id, look_at FROM starboard_entries WHERE guild_id = $1 ORDER BY message_id',
      [guildId],
    );
  /** Moves the time of the services and of the database. */
  const advance = async (ms: number) => {
    clock.advance(ms);
    const earlier = (column: string) => `${column} = ${column} - interval '${ms} milliseconds'`;
    await database.query(`UPDATE starboard_entries SET ${earlier('look_at')} WHERE look_at IS NOT NULL`);
    await database.query(`UPDATE starboard_tasks SET ${earlier('due_at')}, ${earlier('last_run_at')}`);
  };
  /** Advances the time second by second until the condition holds. */
  const within = async (seconds: number, condition: () => boolean | Promise<boolean>, what: string) => {
    const end = clock.now() + seconds * 1_000;
    await waitFor(
      async () => {
        if (await condition()) return true;
        if (clock.now() < end) await advance(1_000);
        return false;
      },
      { what },
    );
  };
  /** Advances the time second by second, with enough real time for due work in each step. */
  const pass = (seconds: number) => {
    const end = clock.now() + seconds * 1_000;
    return within(seconds, () => clock.now() >= end, 'the time to pass');
  };
  const postTwo = async () => {
    const messages = [newMessage(), newMessage()] as const;
    for (const message of messages) await publishStar(message);
    await within(20, async () => posts() === 2 && (await entries()).length === 2, 'two posts');
    return messages;
  };
  const readsOf = (ids: ReadonlySet<string>) =>
    discord
      .requestsOf('GET /channels/{channel_id}/messages/{message_id}')
      .filter(({ path }) => ids.has(path.split('/').at(-1)!));
  /** Adds old entries whose posts were never checked. */
  const addEntries = async (count: number, ageDays: number) => {
    const messages = Array.from({ length: count }, newMessage);
    await database.query(
      `INSERT INTO starboard_entries (guild_id, message_id, author_id, channel_id, state, entry_channel_id,
         entry_message_id, star_count, reserved_at, updated_at)
       SELECT $1, id, 1, $2, 'posted', $3, id + 1, 1, $5, $5 FROM unnest($4::bigint[]) AS id`,
      [guildId, channel.id, starboard.id, messages.map(({ id }) => id), new Date(clock.now() - ageDays * DAY_MS)],
    );
    return new Set(messages.map(({ id }) => id));
  };

  it.each([
    {
      what: 'the starboard',
      off: () => send('PATCH', 'settings', { starboard_enabled: false }),
      on: () => send('PATCH', 'settings', { starboard_enabled: true }),
    },
    { what: 'the module', off: () => send('POST', 'disable'), on: () => send('POST', 'enable') },
  ])('should be applied after $what is switched on again', async ({ off, on }) => {
    const [deleted, kept] = await postTwo();
    await off();
    discord.state.deleteMessage(deleted.id);
    discord.state.addReaction(kept.id);
    await on();
    const isRight = () => posts() === 1 && discord.state.messagesOf(starboard.id)[0]!.content.includes('**2**');
    await within(60, isRight, 'one post with the new count');
    await within(60, async () => (await entries()).length === 1, 'the entry to be deleted');
    expect((await entries()).map(({ message_id }) => message_id)).toEqual([kept.id]);
  });

  it('should be noticed after a day while everything is on', async () => {
    const [deleted, kept] = await postTwo();
    discord.state.deleteMessage(deleted.id);
    await advance(DAY_MS);
    await within(60, async () => (await entries()).length === 1, 'the entry to be deleted');
    expect(posts()).toBe(1);
    const [left] = await entries();
    expect(left!.message_id).toBe(kept.id);
    await within(60, async () => (await entries())[0]!.look_at!.getTime() > Date.now() + DAY_MS / 2, 'the next check');
  });

  it('should be searched for at a limited rate of all instances together, without delaying new stars', async () => {
    await send('PATCH', 'settings', { starboard_enabled: false });
    const ids = await addEntries(40, 40);
    await send('PATCH', 'settings', { starboard_enabled: true });
    await pass(60);
    await publishStar(newMessage());
    await waitFor(() => posts() === 1, { what: 'the post of a new star while the clock stands still' });
    await pass(60);
    const reads = readsOf(ids);
    expect(reads.length).toBeGreaterThanOrEqual(6);
    expect(reads.length).toBeLessThanOrEqual(13);
    expect(new Set(reads.map(({ path }) => path)).size).toBe(reads.length);
    // Entries older than a month are checked only once.
    const done = new Set(reads.map(({ path }) => path.split('/').at(-1)));
    const times = (await entries()).filter(({ message_id }) => done.has(message_id)).map(({ look_at }) => look_at);
    expect(new Set(times)).toEqual(new Set([null]));
  });
});
