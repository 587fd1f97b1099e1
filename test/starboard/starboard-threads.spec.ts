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

  /** An archived starboard thread with one post. */
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

  it('is unarchived to update the count of a post', async () => {
    const { starboard, message } = await openArchived();
    await board.star(publisher, message);
    await board.untilContent(starboard, '**2**');
    expect(starboard.archived).toBe(false);
  });

  it('is unarchived to delete the posts of an erased member', async () => {
    const { guild, starboard, message } = await openArchived();
    const erasure = { guild_id: guild.id, privacy_member_id: message.authorId };
    await query.client.send('DELETE', 'privacy/delete-user-entries', erasure);
    expect(await board.untilPosts(starboard, 0)).toEqual([]);
  });

  it('appears in the status with the missing permission if it is locked and a count has to change', async () => {
    const { guild, starboard, message } = await openArchived({ locked: true });
    await board.star(publisher, message);
    const problem = `Discord refused to open the archived thread: the bot lacks Manage Threads in channel ${starboard.id}`;
    await waitFor(async () => (await status(guild.id)).length > 0, { what: 'the problem' });
    expect(await status(guild.id)).toMatchObject([{ channel_id: starboard.id, problem }]);
  });

  it('appears in the status if it is locked and a new post is due', async () => {
    const { guild, channel, starboard } = await openArchived({ locked: true });
    await board.star(publisher, board.discord.state.addMessage({ channelId: channel.id, content: 'y' }));
    await waitFor(async () => (await status(guild.id)).length > 0, { what: 'the problem' });
    expect(board.postsIn(starboard)).toHaveLength(1);
  });
});
