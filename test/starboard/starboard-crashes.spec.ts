import type { Publisher } from '../harness/publisher.js';
import type { ServiceProcess } from '../harness/services.js';
import { waitFor } from '../harness/wait-for.js';
import { StarboardSystem, type StarboardGuild } from './starboard-system.js';

const POSTING = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };
const EDITING = { method: 'PATCH', path: /\/messages\/\d+$/ };
const DELETING = { method: 'DELETE', path: /\/messages\/\d+$/ };

describe('the starboard, when its process is killed', () => {
  let board: StarboardSystem;
  let publisher: Publisher;
  let service: ServiceProcess;
  let place: StarboardGuild;

  beforeAll(async () => {
    board = await StarboardSystem.create();
    service = await board.startIngestion();
    publisher = await board.system.connectPublisher();
  });
  afterAll(async () => {
    await publisher.close();
    await board.close();
  });
  beforeEach(async () => {
    place = await board.openGuild({ count: 1 });
  });
  afterEach(() => {
    board.requireNoViolations();
  });

  const newMessage = () => board.discord.state.addMessage({ channelId: place.channel.id, content: 'x' });
  const requests = (method: string, path: RegExp) =>
    board.discord.requests.filter((request) => request.method === method && path.test(request.path));
  const killAndRestart = async () => {
    await service.kill();
    board.discord.faults.clear();
    await board.expireClaims();
    service = await board.startIngestion();
  };
  /** Kills the process during this request, and starts another. */
  const killDuring = async ({ method, path }: { method: string; path: RegExp }, kind: 'hang' | 'done_but_unknown') => {
    const before = requests(method, path).length;
    // The process never learns that the request succeeded: each further attempt hangs until the process is dead.
    if (kind === 'done_but_unknown') board.discord.faults.add({ kind }, { method, path });
    board.discord.faults.add({ kind: 'hang' }, { method, path, times: 1_000 });
    return async () => {
      const expected = before + (kind === 'hang' ? 1 : 2);
      await waitFor(() => requests(method, path).length >= expected, { what: 'the request' });
      await killAndRestart();
    };
  };
  const untilPosted = async () => {
    await waitFor(async () => (await board.entriesOf(place.guild.id))[0]?.['state'] === 'posted', {
      what: 'the entry to be posted',
    });
    return board.postsIn(place.starboard);
  };

  it('before the post is sent, posts once', async () => {
    const message = newMessage();
    const killed = await killDuring(POSTING, 'hang');
    await board.star(publisher, message);
    await killed();
    expect(await untilPosted()).toHaveLength(1);
  });

  it('after the post was made, continues with it', async () => {
    const message = newMessage();
    const killed = await killDuring(POSTING, 'done_but_unknown');
    await board.star(publisher, message);
    await killed();
    expect(await untilPosted()).toHaveLength(1);
    await board.star(publisher, message);
    await board.untilContent(place.starboard, '**2**');
    expect(board.postsIn(place.starboard)).toHaveLength(1);
  });

  it('after the post was made, finds it without its nonce, which Discord keeps only for minutes', async () => {
    const message = newMessage();
    const killed = await killDuring(POSTING, 'done_but_unknown');
    await board.star(publisher, message);
    await killed();
    const [post] = await untilPosted();
    const posted = requests(POSTING.method, POSTING.path).filter(({ path }) => path.includes(place.starboard.id));
    // The next process did not send it again, so no nonce was needed.
    expect(posted).toHaveLength(2);
    expect((await board.entriesOf(place.guild.id))[0]).toMatchObject({ entry_message_id: post!.id });
  });

  it('after the post was made, finds it by its nonce if the channel does not show it yet', async () => {
    const message = newMessage();
    const killed = await killDuring(POSTING, 'done_but_unknown');
    await board.star(publisher, message);
    const [post] = await board.untilPosts(place.starboard, 1);
    post!.embeds = [];
    await killed();
    expect(await untilPosted()).toHaveLength(1);
    expect((await board.entriesOf(place.guild.id))[0]).toMatchObject({ entry_message_id: post!.id });
  });

  it('after the post was made, finds it among more messages than Discord returns in one page', async () => {
    const message = newMessage();
    const killed = await killDuring(POSTING, 'done_but_unknown');
    await board.star(publisher, message);
    const [post] = await board.untilPosts(place.starboard, 1);
    // Other messages before and after it.
    for (let number = 0; number < 250; number++) {
      const id = (BigInt(post!.id) + BigInt(number - 200)).toString();
      if (id !== post!.id) board.discord.state.addMessage({ id, channelId: place.starboard.id, content: 'chat' });
    }
    await killed();
    expect(await untilPosted()).toHaveLength(1);
  });

  it('after the post was made, keeps it even if another attempt was refused', async () => {
    const message = newMessage();
    const { state, faults } = board.discord;
    faults.add({ kind: 'done_but_unknown' }, POSTING);
    const refuse = () => state.denyBot(place.starboard.id, 'SendMessages');
    faults.add({ kind: 'late', until: Promise.resolve(), onArrival: refuse }, POSTING);
    await board.star(publisher, message);
    const refused = 'starboard_tasks WHERE guild_id = $1 AND claim IS NULL AND failing_since IS NOT NULL';
    await waitFor(() => board.system.count(refused, [place.guild.id]), { what: 'the refusal' });
    expect(await board.entriesOf(place.guild.id)).toMatchObject([{ state: 'reserved' }]);
    state.channel(place.starboard.id).overwrites.length = 0;
    await board.system.database.query(`UPDATE starboard_problems SET retry_at = now()`);
    await board.system.database.query(`UPDATE starboard_tasks SET due_at = now() WHERE due_at IS NOT NULL`);
    expect(await untilPosted()).toHaveLength(1);
  });

  it('during an edit, shows the right count in the end', async () => {
    const message = newMessage();
    await board.star(publisher, message);
    await untilPosted();
    const killed = await killDuring(EDITING, 'done_but_unknown');
    await board.star(publisher, message);
    await killed();
    await board.star(publisher, message);
    await board.untilContent(place.starboard, '**3**');
    expect(board.postsIn(place.starboard)).toHaveLength(1);
  });

  it('during a removal, does not take it for a deletion by somebody, and posts again after a new star', async () => {
    const message = newMessage();
    await board.star(publisher, message);
    await untilPosted();
    const killed = await killDuring(DELETING, 'done_but_unknown');
    board.discord.state.message(message.id).reactions.clear();
    await board.publishStarEvent(publisher, message, 'star.removed');
    await waitFor(async () => (await board.entriesOf(place.guild.id))[0]?.['state'] === 'removing', {
      what: 'the removal to begin',
    });
    board.discord.state.addReaction(message.id);
    await killed();
    expect(await untilPosted()).toHaveLength(1);
  });

  it('counts attempts that end the process, pauses longer after each, and gives up after a day of them', async () => {
    const message = newMessage();
    board.discord.faults.add({ kind: 'hang' }, { times: 1_000 });
    const reads = () => requests('GET', new RegExp(`/messages/${message.id}$`)).length;
    await board.star(publisher, message);
    for (const failures of [1, 9]) {
      const before = reads();
      await board.system.database.query(
        `UPDATE starboard_tasks SET attempts = $2, due_at = now(), claimed_until = NULL WHERE message_id = $1`,
        [message.id, failures - 1],
      );
      await waitFor(() => reads() > before, { what: 'the message to be read' });
      await service.kill();
      const [task] = await board.system.database.query<{ attempts: number; pause: number }>(
        `SELECT attempts, extract(epoch FROM due_at - now())::float AS pause FROM starboard_tasks WHERE message_id = $1`,
        [message.id],
      );
      expect(task!.attempts).toBe(failures);
      expect(task!.pause > 60).toBe(failures > 1);
      service = await board.startIngestion();
    }
    const before = reads();
    await board.system.database.query(
      `UPDATE starboard_tasks SET failing_since = now() - interval '25 hours' WHERE message_id = $1`,
      [message.id],
    );
    await board.expireClaims();
    await waitFor(() => service.output().includes('given up'), { what: 'the task to be given up' });
    expect(await board.system.count('starboard_tasks WHERE message_id = $1', [message.id])).toBe(0);
    expect(reads()).toBe(before);
    board.discord.faults.clear();
  });

  it('posts once and with the right count when three processes get 200 stars within a second', async () => {
    const others = await Promise.all([board.startIngestion(), board.startIngestion()]);
    const message = newMessage();
    const writesBefore = board.discord.writes.length;
    for (let given = 0; given < 200; given++) {
      board.discord.state.addReaction(message.id);
      await board.publishStarEvent(publisher, message);
    }
    await board.untilContent(place.starboard, '**200**');
    await board.settled(message);
    expect(board.postsIn(place.starboard)).toHaveLength(1);
    expect(board.discord.writes.length - writesBefore).toBeLessThanOrEqual(4);
    const reads = requests('GET', new RegExp(`/messages/${message.id}$`)).map(({ at }) => at);
    const pauses = reads.slice(1).map((at, index) => at - reads[index]!);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(2_000);
    await Promise.all(others.map((other) => other.stop()));
  });
});
