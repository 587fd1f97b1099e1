import type { Publisher } from '../harness/publisher.js';
import { waitFor } from '../harness/wait-for.js';
import type { QueryInProcess } from '../harness/query-in-process.js';
import { StarboardSystem } from './starboard-system.js';

const PUBLIC_THREAD = 11;

describe('a starboard thread that Discord has archived', () => {
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

  /** With one post in it. */
  const openArchived = async ({ locked = false } = {}) => {
    const place = await board.openGuild({ count: 1, starboard: { type: PUBLIC_THREAD } });
    const { channel, starboard } = place;
    starboard.parentId = board.discord.state.addChannel({ guildId: place.guild.id }).id;
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'x' });
    await board.star(publisher, message);
    await board.untilPosts(starboard, 1);
    await board.settled(message);
    Object.assign(starboard, { archived: true, locked });
    return { ...place, message };
  };
  const status = async (guild_id: string) =>
    (await query.client.get<{ starboard_status: unknown[] }>('settings', { guild_id })).data.starboard_status;

  it('is opened for the count of a post', async () => {
    const { starboard, message } = await openArchived();
    await board.star(publisher, message);
    await board.untilContent(starboard, '**2**');
    expect(starboard.archived).toBe(false);
  });

  it('is opened for the removal of an erased member’s posts', async () => {
    const { guild, starboard, message } = await openArchived();
    const erasure = { guild_id: guild.id, privacy_member_id: message.authorId };
    await query.client.send('DELETE', 'privacy/delete-user-entries', erasure);
    expect(await board.untilPosts(starboard, 0)).toEqual([]);
  });

  it('stands in the status with the permission that opening it takes, when it is locked', async () => {
    const { guild, starboard, message } = await openArchived({ locked: true });
    await board.star(publisher, message);
    const problem = `Discord refused to open the archived thread: the bot lacks Manage Threads in channel ${starboard.id}`;
    await waitFor(async () => (await status(guild.id)).length > 0, { what: 'the problem' });
    expect(await status(guild.id)).toMatchObject([{ channel_id: starboard.id, problem }]);
  });

  it('that is locked tells new posts of it, too', async () => {
    const { guild, channel, starboard } = await openArchived({ locked: true });
    await board.star(publisher, board.discord.state.addMessage({ channelId: channel.id, content: 'y' }));
    await waitFor(async () => (await status(guild.id)).length > 0, { what: 'the problem' });
    expect(board.postsIn(starboard)).toHaveLength(1);
  });
});
