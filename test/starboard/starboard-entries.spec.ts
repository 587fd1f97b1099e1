import type { Publisher } from '../harness/publisher.js';
import type { StoredMessage, StoredChannel } from '../doubles/discord/discord-state.js';
import { waitFor } from '../harness/wait-for.js';
import { StarboardSystem } from './starboard-system.js';

const MIB = 2 ** 20;

describe('an entry of the starboard', () => {
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
    board.discord.faults.clear();
    board.requireNoViolations();
  });

  const postAbout = async (message: StoredMessage, starboard: StoredChannel) => {
    await board.star(publisher, message);
    const [post] = await board.untilPosts(starboard, 1);
    return post!;
  };
  const image = (data: Uint8Array, more = {}) => ({ filename: 'cat.png', contentType: 'image/png', data, ...more });
  const originalUrl = ({ channelId, attachments: [file] }: StoredMessage) =>
    `/attachments/${channelId}/${file!.id}/${file!.filename}`;

  it('contains a copy of the first picture, and keeps it when the count changes', async () => {
    const { channel, starboard } = await board.openGuild({ count: 1 });
    const data = new Uint8Array([1, 2, 3, 4]);
    const attachments = [{ filename: 'notes.txt', contentType: 'text/plain' }, image(data)];
    const message = board.discord.state.addMessage({ channelId: channel.id, content: 'look', attachments });
    const post = await postAbout(message, starboard);
    expect(post.embeds[0]).toMatchObject({ image: { url: 'attachment://image.png' } });
    expect(post.attachments.map((file) => [...file.data])).toEqual([[1, 2, 3, 4]]);
    await board.star(publisher, message);
    const edited = await board.untilContent(starboard, '**2**');
    expect(edited.attachments).toHaveLength(1);
    expect(edited.embeds[0]).toMatchObject({ description: 'look', image: { url: 'attachment://image.png' } });
  });

  it.each([
    { premiumTier: 0 as const, size: 10 * MIB + 1, isUploaded: false },
    { premiumTier: 2 as const, size: 10 * MIB + 1, isUploaded: true },
  ])(
    'contains a copy of a picture of $size bytes at tier $premiumTier: $isUploaded',
    async ({ premiumTier, size, isUploaded }) => {
      const { channel, starboard } = await board.openGuild({ count: 1, guild: { premiumTier } });
      const attachments = [image(new Uint8Array(size))];
      const message = board.discord.state.addMessage({ channelId: channel.id, attachments });
      const post = await postAbout(message, starboard);
      const shown = (post.embeds[0]!['image'] as { url: string }).url;
      expect(shown).toContain(isUploaded ? 'attachment://' : originalUrl(message));
      expect(post.attachments).toHaveLength(isUploaded ? 1 : 0);
    },
  );

  it('takes at most 64 MiB of memory for pictures together with those of all guilds, and shows its picture', async () => {
    const size = 8 * MIB;
    const places = await Promise.all(Array.from({ length: 12 }, () => board.openGuild({ count: 1 })));
    const data = new Uint8Array(size);
    let fetched = 0;
    let release = () => {};
    const until = new Promise<void>((resolve) => (release = resolve));
    const late = { kind: 'late' as const, until, onArrival: () => fetched++ };
    board.discord.faults.add(late, { path: /^\/attachments\//, times: places.length });
    for (const { channel } of places) {
      await board.star(
        publisher,
        board.discord.state.addMessage({ channelId: channel.id, attachments: [image(data)] }),
      );
    }
    const guildIds = places.map(({ guild }) => guild.id);
    const reserved = `starboard_entries WHERE state = 'reserved' AND guild_id = ANY ($1::bigint[])`;
    await waitFor(async () => fetched >= 8 && (await board.system.count(reserved, [guildIds])) === places.length, {
      what: 'all entries to be reserved',
    });
    expect(fetched * size).toBeLessThanOrEqual(64 * MIB);
    release();
    for (const { starboard } of places) {
      const [post] = await board.untilPosts(starboard, 1);
      expect(post!.attachments).toHaveLength(1);
    }
  });

  it('links to the original of a picture that cannot be fetched', async () => {
    const { channel, starboard } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, attachments: [image(new Uint8Array(9))] });
    board.discord.faults.add({ kind: 'status', status: 500 }, { path: /^\/attachments\// });
    const post = await postAbout(message, starboard);
    expect((post.embeds[0]!['image'] as { url: string }).url).toContain(originalUrl(message));
  });

  describe('with spoilers', () => {
    const picturesOf = ({ embeds: [embed], attachments }: StoredMessage) => ({
      inEmbed: embed!['image'],
      files: attachments.map(({ filename }) => filename),
    });
    const HIDDEN = { inEmbed: undefined, files: ['SPOILER_image.png'] };
    const hidden = [
      { by: 'its name', file: { filename: 'SPOILER_cat.png' } },
      { by: 'a flag', file: { flags: 8 } },
    ];

    it.each(hidden)('hides a picture that is marked as a spoiler by $by', async ({ file }) => {
      const { channel, starboard } = await board.openGuild({ count: 1 });
      const attachments = [image(new Uint8Array(9), file)];
      const message = board.discord.state.addMessage({ channelId: channel.id, attachments });
      expect(picturesOf(await postAbout(message, starboard))).toEqual(HIDDEN);
    });

    it.each(hidden)('hides a forwarded picture that is marked as a spoiler by $by', async ({ file }) => {
      const { guild, channel, starboard } = await board.openGuild({ count: 1 });
      const { state } = board.discord;
      const attachments = [state.newAttachment(image(new Uint8Array(9), file))];
      const message = state.addMessage({
        channelId: channel.id,
        reference: { type: 1, guildId: guild.id, channelId: channel.id, messageId: state.newId() },
        snapshots: [{ content: '||look||', attachments, embeds: [] }],
      });
      const post = await postAbout(message, starboard);
      expect(picturesOf(post)).toEqual(HIDDEN);
      expect(post.embeds[0]!['description']).toContain('||look||');
    });

    it('hides the text and the picture of components in a spoiler container', async () => {
      const { channel, starboard } = await board.openGuild({ count: 1 });
      const { state } = board.discord;
      const message = state.addMessage({ channelId: channel.id, attachments: [image(new Uint8Array(9))] });
      const url = `${new URL(board.discord.url).origin}${originalUrl(message)}`;
      const media = { id: state.newId(), url, proxy_url: url, attachment_id: message.attachments[0]!.id };
      const gallery = { type: 12, id: 3, items: [{ media, description: null, spoiler: false }] };
      const text = { type: 10, id: 2, content: 'the end' };
      message.components = [{ type: 17, id: 1, accent_color: null, spoiler: true, components: [text, gallery] }];
      const post = await postAbout(message, starboard);
      expect(picturesOf(post)).toEqual(HIDDEN);
      expect(post.embeds[0]).toMatchObject({ description: '||the end||' });
    });

    it('shows previews of links, but not of links between spoiler bars', async () => {
      const { channel, starboard } = await board.openGuild({ count: 1 });
      const { state } = board.discord;
      const url = 'https://pictures.example/end.png';
      const embeds = [{ type: 'image', url, thumbnail: { url } }];
      const add = (content: string) => state.addMessage({ channelId: channel.id, content, embeds });
      expect((await postAbout(add(`||the end: ${url}||`), starboard)).embeds[0]).not.toHaveProperty('image');
      await board.star(publisher, add(`||the end|| ${url}`));
      const [, second] = await board.untilPosts(starboard, 2);
      expect(second!.embeds[0]).toMatchObject({ image: { url } });
    });
  });

  it('links to the message that it replies to, even if that message is deleted', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const original = state.addMessage({ channelId: channel.id, content: 'how are you?' });
    const reference = { type: 0 as const, channelId: channel.id, messageId: original.id };
    const reply = () => state.addMessage({ channelId: channel.id, content: 'fine', type: 19, reference });
    const post = await postAbout(reply(), starboard);
    const link = `[a message](https://discord.com/channels/${guild.id}/${channel.id}/${original.id})`;
    expect(post.embeds[0]!['fields']).toEqual([{ name: 'In reply to', value: `${link} of <@${original.authorId}>` }]);
    state.deleteMessage(original.id);
    await board.star(publisher, reply());
    const [, second] = await board.untilPosts(starboard, 2);
    expect(second!.embeds[0]!['fields']).toEqual([{ name: 'In reply to', value: link }]);
  });

  it.each([
    ['the longest text', 'a'.repeat(4_000)],
    ['emoji alone', '👩‍👩‍👧‍👦'.repeat(300)],
    ['markup and mentions', '[x](https://a.example) <@1> @everyone `y` ||z||'],
  ])('shows %s as it was written', async (_, content) => {
    const { channel, starboard } = await board.openGuild({ count: 1 });
    const message = board.discord.state.addMessage({ channelId: channel.id, content });
    expect((await postAbout(message, starboard)).embeds[0]).toMatchObject({ description: content });
  });

  it('describes a message without text', async () => {
    const { channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const poll = {
      question: { text: 'Tea?' },
      answers: ['Yes', 'No'].map((text, index) => ({ answer_id: index + 1, poll_media: { text } })),
    };
    const fields = [{ name: 'Wind', value: 'fresh', inline: true }];
    const sticker = { id: state.newId(), name: 'Wave', format_type: 4 };
    const picture = { image: { url: `https://media.discordapp.net/stickers/${sticker.id}.gif` } };
    const cases: [Parameters<typeof state.addMessage>[0], Record<string, unknown>][] = [
      [
        { channelId: channel.id, sticker_items: [sticker] },
        { description: 'Sticker: Wave', ...picture },
      ],
      [{ channelId: channel.id, poll }, { description: 'Poll: Tea?\n• Yes\n• No' }],
      [{ channelId: channel.id, components: [{ type: 10, id: 1, content: 'hello' }] }, { description: 'hello' }],
      [{ channelId: channel.id, embeds: [{ type: 'rich', description: 'news' }] }, { description: 'news' }],
      [
        { channelId: channel.id, embeds: [{ type: 'rich', author: { name: 'Ada' }, fields }] },
        { description: 'Ada\nWind\nfresh' },
      ],
      [
        {
          channelId: channel.id,
          attachments: [{ filename: 'v.ogg', contentType: 'audio/ogg', waveform: 'AA==', duration_secs: 3 }],
        },
        { description: 'Voice message of 3 s' },
      ],
    ];
    for (const [index, [message, embed]] of cases.entries()) {
      await board.star(publisher, state.addMessage(message));
      expect((await board.untilPosts(starboard, index + 1))[index]!.embeds[0]).toMatchObject(embed);
    }
  });

  it('is created for responses to commands, but not for system messages', async () => {
    const { guild, channel, starboard } = await board.openGuild({ count: 1 });
    const { state } = board.discord;
    const withType = (type: number) => state.addMessage({ channelId: channel.id, type, content: 'x' });
    const NOTICES = [3, 6, 7, 8, 9, 10, 11, 12, 18, 21, 22, 24, 25, 27, 31, 36, 46];
    for (const type of NOTICES) await board.star(publisher, withType(type));
    for (const type of [20, 23]) await board.star(publisher, withType(type));
    await board.untilPosts(starboard, 2);
    await waitFor(
      async () =>
        (await board.system.count('starboard_tasks WHERE guild_id = $1 AND due_at IS NOT NULL', [guild.id])) === 0,
      { what: 'no task to be due' },
    );
    expect(board.postsIn(starboard)).toHaveLength(2);
  });

  describe('of a forward', () => {
    const forward = (channel: StoredChannel, origin: Partial<StoredChannel> & { id: string }) =>
      board.discord.state.addMessage({
        channelId: channel.id,
        reference: { type: 1, guildId: origin.guildId, channelId: origin.id, messageId: board.discord.state.newId() },
        snapshots: [{ content: 'from elsewhere', attachments: [], embeds: [] }],
      });

    it('says so, and names the channel of the original if it belongs to the guild', async () => {
      const { guild, channel, starboard } = await board.openGuild({ count: 1 });
      const { state } = board.discord;
      const origin = state.addChannel({ guildId: guild.id });
      const post = await postAbout(forward(channel, origin), starboard);
      expect(post.embeds[0]).toMatchObject({ description: `**Forwarded from <#${origin.id}>**\nfrom elsewhere` });
      await board.star(publisher, forward(channel, state.addChannel({ guildId: state.addGuild().id })));
      const [, second] = await board.untilPosts(starboard, 2);
      expect(second!.embeds[0]).toMatchObject({ description: '**Forwarded**\nfrom elsewhere' });
    });

    it.each([
      { from: 'an age-restricted channel', nsfw: false, isShown: false },
      { from: 'a thread of an age-restricted channel', nsfw: false, isShown: false },
      { from: 'a channel that the bot cannot see', nsfw: false, isShown: false },
      { from: 'a channel that is gone', nsfw: false, isShown: false },
      { from: 'an age-restricted channel', nsfw: true, isShown: true },
      { from: 'a channel that the bot cannot see', nsfw: true, isShown: true },
    ])('from $from is shown on a starboard (age-restricted: $nsfw): $isShown', async ({ from, nsfw, isShown }) => {
      const { guild, channel, starboard } = await board.openGuild({ count: 1, starboard: { nsfw } });
      const { state } = board.discord;
      const parent = state.addChannel({ guildId: guild.id, nsfw: from.includes('age-restricted') });
      const isThread = from.startsWith('a thread');
      const origin = isThread ? state.addChannel({ guildId: guild.id, type: 11, parentId: parent.id }) : parent;
      if (from.endsWith('cannot see')) state.denyBot(origin.id, 'ViewChannel');
      if (from.endsWith('gone')) state.deleteChannel(origin.id);
      await board.starAndSettle(publisher, forward(channel, origin));
      expect(board.postsIn(starboard)).toHaveLength(isShown ? 1 : 0);
      expect(await board.system.count('starboard_problems WHERE guild_id = $1', [guild.id])).toBe(0);
    });

    it('is removed when the channel of the original becomes age-restricted', async () => {
      const { guild, channel, starboard } = await board.openGuild({ count: 1 });
      const origin = board.discord.state.addChannel({ guildId: guild.id });
      const message = forward(channel, origin);
      await postAbout(message, starboard);
      origin.nsfw = true;
      await board.starAndSettle(publisher, message);
      expect(board.postsIn(starboard)).toEqual([]);
    });
  });
});
