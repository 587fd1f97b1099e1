import { DiscordDouble, type RecordedRequest } from '../doubles/discord/index.js';
import { answerComplaints } from '../doubles/discord/answer-schemas.js';
import { ManualClock } from '../doubles/manual-clock.js';

const USER_AGENT = 'DiscordBot (https://example.org, 1.0)';

describe('DiscordDouble', () => {
  let clock: ManualClock;
  let discord: DiscordDouble;
  let guildId: string;
  let channelId: string;

  beforeEach(async () => {
    clock = new ManualClock();
    discord = await DiscordDouble.start({ clock });
    guildId = discord.state.addGuild().id;
    channelId = discord.state.addChannel({ guildId }).id;
  });
  afterEach(() => discord.close());

  /** Sends a request like a correct client, except for the given changes. */
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${discord.url}/v10${path}`, {
      method,
      headers: {
        'User-Agent': USER_AGENT,
        Authorization: `Bot ${discord.token}`,
        ...(body !== undefined && !(body instanceof FormData) && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text ? JSON.parse(text) : undefined) as Answer,
    };
  };
  const send = (body: unknown) => ask('POST', `/channels/${channelId}/messages`, body);
  const form = (payload: unknown, files: Record<string, string>) => {
    const data = new FormData();
    data.append('payload_json', JSON.stringify(payload));
    for (const [key, name] of Object.entries(files)) data.append(key, new Blob(['file']), name);
    return data;
  };

  describe('responses', () => {
    it('match the schemas of Discord', async () => {
      const voice = discord.state.addChannel({ guildId, type: 2 });
      discord.state.denyBot(voice.id, 'SendMessages');
      const thread = discord.state.addChannel({ guildId, type: 11, parentId: channelId });
      const original = discord.state.addMessage({ channelId, attachments: [{ description: 'a cat' }] });
      discord.state.addReaction(original.id);
      const url = 'https://a.example/cat.png';
      const media = { id: discord.state.newId(), url, proxy_url: url };
      const rich = discord.state.addMessage({
        channelId,
        attachments: [{ flags: 8 }, { waveform: 'AA==', duration_secs: 2.5 }],
        mentionedIds: [original.authorId],
        components: [{ type: 12, id: 1, items: [{ media, description: null, spoiler: true }] }],
        sticker_items: [{ id: discord.state.newId(), name: 'Wave', format_type: 1 }],
        poll: {
          question: { text: 'Tea?' },
          answers: [{ answer_id: 1, poll_media: { text: 'Yes' } }],
          expiry: new Date(clock.now()).toISOString(),
          allow_multiselect: false,
          layout_type: 1,
          results: { answer_counts: [], is_finalized: false },
        },
        snapshots: [{ content: 'x', attachments: [], embeds: [] }],
      });
      const answers: [string, unknown][] = [
        ['GuildWithCountsResponse', await bodyOf(`/guilds/${guildId}?with_counts=true`)],
        ['GuildChannelResponse', await bodyOf(`/channels/${voice.id}`)],
        ['GuildChannelResponse', await bodyOf(`/channels/${channelId}`)],
        ['ThreadResponse', await bodyOf(`/channels/${thread.id}`)],
        ['GuildMemberResponse', await bodyOf(`/guilds/${guildId}/members/${discord.state.bot.id}`)],
        ['GuildRoleResponse', (await bodyOf(`/guilds/${guildId}/roles`))[0]],
        ['UserPIIResponse', await bodyOf('/users/@me')],
        ['UserResponse', await bodyOf(`/users/${original.authorId}`)],
        ['MessageResponse', await bodyOf(`/channels/${channelId}/messages/${original.id}`)],
        ['MessageResponse', await bodyOf(`/channels/${channelId}/messages/${rich.id}`)],
        ['ErrorResponse', (await ask('GET', `/channels/${guildId}`)).body],
      ];
      expect(answers.map(([schema, answer]) => [schema, answerComplaints(schema, answer)])).toEqual(
        answers.map(([schema]) => [schema, []]),
      );
    });

    const bodyOf = async (path: string) => (await ask('GET', path)).body;
  });

  describe('undocumented requests', () => {
    it.each([
      { what: 'an unknown field', body: { content: 'x', colour: 1 }, field: 'colour' },
      { what: 'a field of another type', body: { content: 5 }, field: 'content' },
      { what: 'content that is too long', body: { content: 'x'.repeat(2_001) }, field: 'content' },
      { what: 'an unknown nested field', body: { embeds: [{ titel: 'x' }] }, field: 'embeds.0.titel' },
      { what: 'a title that is too long', body: { embeds: [{ title: 'x'.repeat(257) }] }, field: 'embeds.0.title' },
      {
        what: 'embeds that are too long in total',
        body: { embeds: [{ description: 'x'.repeat(4_000) }, { description: 'x'.repeat(2_001) }] },
        field: 'embeds',
      },
      {
        what: 'a picture without its file',
        body: { embeds: [{ image: { url: 'attachment://a.png' } }] },
        field: 'embeds.0.image.url',
      },
      { what: 'a nonce that is too long', body: { content: 'x', nonce: 'n'.repeat(26) }, field: 'nonce' },
    ])('are refused: $what', async ({ body, field }) => {
      const answer = await send(body);
      expect(answer).toMatchObject({ status: 400, body: { code: 50035, message: 'Invalid Form Body' } });
      const errors = field
        .split('.')
        .reduce<Answer>((level, key) => level?.[key] as Answer, answer.body['errors'] as Answer);
      expect(errors).toHaveProperty('_errors');
      expect(discord.violations.length).toBeGreaterThan(0);
      expect(discord.violations[0]).toContain(`/messages: ${field}: `);
      expect(discord.state.messagesOf(channelId)).toEqual([]);
    });

    it('are refused: files without a description, and descriptions without a file', async () => {
      const wrongPart = await send(form({ content: 'x' }, { file: 'a.png' }));
      const noFile = await send(form({ content: 'x', attachments: [{ id: '1' }] }, { 'files[0]': 'a.png' }));
      expect([wrongPart.status, noFile.status]).toEqual([400, 400]);
      expect(discord.violations).toHaveLength(2);
    });

    it('are refused: permissions that are not strings of digits', async () => {
      const overwrite = { id: guildId, type: 0, allow: 1024, deny: '0' };
      const wrong = await ask('POST', `/guilds/${guildId}/channels`, { name: 'x', permission_overwrites: [overwrite] });
      expect(wrong.status).toBe(400);
      overwrite.allow = '1024' as never;
      const right = await ask('POST', `/guilds/${guildId}/channels`, { name: 'x', permission_overwrites: [overwrite] });
      expect(right.status).toBe(201);
    });

    it.each([
      { path: '/guilds/{guild}?with_count=true', status: 400 },
      { path: '/guilds/{guild}?with_counts=1', status: 400 },
      { path: '/guilds/123', status: 400 },
      { path: '/guilds/{guild}/emojis', status: 404 },
    ])('are refused: GET $path', async ({ path, status }) => {
      const answer = await ask('GET', path.replace('{guild}', guildId));
      expect(answer.status).toBe(status);
      expect(discord.violations).toHaveLength(1);
    });

    it('are refused: a media type without a body, and a body with the wrong media type', async () => {
      await ask('GET', `/guilds/${guildId}`, undefined, { 'Content-Type': 'application/json' });
      await ask('POST', `/channels/${channelId}/messages`, { content: 'x' }, { 'Content-Type': 'text/plain' });
      expect(discord.requests.map(({ status }) => status)).toEqual([400, 400]);
      expect(discord.violations).toHaveLength(2);
    });

    it('are reported: a User-Agent header of the wrong form', async () => {
      await ask('GET', `/guilds/${guildId}`, undefined, { 'User-Agent': 'node' });
      expect(discord.violations).toEqual([expect.stringContaining('User-Agent')]);
    });
  });

  describe('without permission, a request', () => {
    it.each([
      { permission: 'ViewChannel', code: 50001 },
      { permission: 'SendMessages', code: 50013 },
      { permission: 'EmbedLinks', code: 50013 },
      { permission: 'AttachFiles', code: 50013 },
    ] as const)('is refused: a message without $permission', async ({ permission, code }) => {
      discord.state.denyBot(channelId, permission);
      const answer = await send(form({ embeds: [{ title: 'x' }] }, { 'files[0]': 'a.png' }));
      expect(answer).toMatchObject({ status: 403, body: { code } });
      expect(discord.violations).toEqual([]);
    });

    it('is refused: reading earlier messages without Read Message History', async () => {
      const { id } = discord.state.addMessage({ channelId });
      discord.state.denyBot(channelId, 'ReadMessageHistory');
      const path = `/channels/${channelId}/messages/${id}`;
      const answers = [await ask('GET', path), await ask('GET', `${path}/reactions/%E2%AD%90`)];
      expect(answers.map(({ body }) => body['code'])).toEqual([50013, 50013]);
    });

    it('is refused: changing a voice channel that the bot cannot join', async () => {
      const voice = discord.state.addChannel({ guildId, type: 2 });
      discord.state.denyBot(voice.id, 'Connect');
      const answers = [
        await ask('PATCH', `/channels/${voice.id}`, { name: 'x' }),
        await ask('DELETE', `/channels/${voice.id}`),
      ];
      expect(answers.map(({ body }) => body['code'])).toEqual([50001, 50001]);
    });

    it('does not list hidden channels of a guild, and is refused for a hidden channel', async () => {
      const [category, hiding] = [4, 4].map((type) => discord.state.addChannel({ guildId, type }));
      const shown = discord.state.addChannel({ guildId, parentId: category!.id });
      const hidden = discord.state.addChannel({ guildId, parentId: hiding!.id });
      for (const { id } of [category!, hiding!, hidden]) discord.state.denyBot(id, 'ViewChannel');
      const { body } = await ask('GET', `/guilds/${guildId}/channels`);
      const ids = (body as unknown as { id: string }[]).map(({ id }) => id);
      expect([category!, shown, hiding!, hidden].map(({ id }) => ids.includes(id))).toEqual([true, true, false, false]);
      const codes = [hidden.id, '1300000000000000009'].map(async (id) => (await ask('GET', `/channels/${id}`)).body);
      expect(await Promise.all(codes)).toMatchObject([{ code: 50001 }, { code: 10003 }]);
    });

    it('is refused: anything in a guild that the bot was kicked from', async () => {
      const { id } = discord.state.addChannel({ guildId });
      discord.state.kickBot(guildId);
      const paths = [
        `/guilds/${guildId}`,
        `/guilds/${guildId}/channels`,
        `/guilds/${guildId}/roles`,
        `/channels/${id}`,
      ];
      const answers = await Promise.all(paths.map((path) => ask('GET', path)));
      expect(answers.map(({ body }) => body['code'])).toEqual([10004, 50001, 50001, 50001]);
    });

    it('is refused: granting a permission that the bot lacks, or any without Manage Roles', async () => {
      const create = (allow: bigint) =>
        ask('POST', `/guilds/${guildId}/channels`, {
          name: 'x',
          permission_overwrites: [{ id: guildId, type: 0, allow: allow.toString() }],
        });
      const beyond = await create(1n << 13n);
      const role = [...discord.state.roles.values()].find(({ name }) => name === 'serverstats')!;
      role.permissions &= ~(1n << 28n);
      expect([beyond.body['code'], (await create(1n << 10n)).body['code']]).toEqual([50013, 50013]);
    });

    it('is refused: changing messages of an archived thread, and unarchiving a locked one without Manage Threads', async () => {
      const thread = discord.state.addChannel({ guildId, type: 11, parentId: channelId, archived: true });
      const messages = `/channels/${thread.id}/messages`;
      const post = discord.state.addMessage({ channelId: thread.id, authorId: discord.state.bot.id });
      const archived = { status: 400, body: { code: 50083 } };
      expect(await ask('PATCH', `${messages}/${post.id}`, { content: 'x' })).toMatchObject(archived);
      expect(await ask('DELETE', `${messages}/${post.id}`)).toMatchObject(archived);
      expect(await ask('PATCH', `/channels/${thread.id}`, { archived: false })).toMatchObject({ status: 200 });
      expect(await ask('PATCH', `${messages}/${post.id}`, { content: 'x' })).toMatchObject({ status: 200 });

      Object.assign(thread, { archived: true });
      expect(await ask('POST', messages, { content: 'opens it, too' })).toMatchObject({ status: 200 });
      expect(thread.archived).toBe(false);

      Object.assign(thread, { archived: true, locked: true });
      expect(await ask('POST', messages, { content: 'x' })).toMatchObject(archived);
      const opening = await ask('PATCH', `/channels/${thread.id}`, { archived: false });
      expect(opening).toMatchObject({ status: 403, body: { code: 50013 } });
    });

    it('is refused: editing a message of another user', async () => {
      const { id } = discord.state.addMessage({ channelId });
      const answer = await ask('PATCH', `/channels/${channelId}/messages/${id}`, { content: 'x' });
      expect(answer).toMatchObject({ status: 403, body: { code: 50005 } });
    });
  });

  describe('rate limits', () => {
    it('apply to each route in each channel, and are in the headers of every response', async () => {
      discord.limits.set('POST /channels/{channel_id}/messages', { requests: 2, windowMs: 4_000 });
      const first = await send({ content: '1' });
      expect(first.headers.get('X-RateLimit-Limit')).toBe('2');
      expect(first.headers.get('X-RateLimit-Remaining')).toBe('1');
      clock.advance(500);
      await send({ content: '2' });
      const third = await send({ content: '3' });
      expect(third).toMatchObject({
        status: 429,
        body: { message: 'You are being rate limited.', retry_after: 3.5, global: false },
      });
      expect(Object.fromEntries(third.headers)).toMatchObject({
        'retry-after': '4',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset-after': '3.500',
        'x-ratelimit-scope': 'user',
        'x-ratelimit-bucket': first.headers.get('X-RateLimit-Bucket'),
      });
      const other = discord.state.addChannel({ guildId });
      expect((await ask('POST', `/channels/${other.id}/messages`, { content: 'x' })).status).toBe(200);
      clock.advance(3_500);
      expect((await send({ content: '3' })).status).toBe(200);
    });

    it('allow fifty requests per second in total', async () => {
      const channels = Array.from({ length: 51 }, () => discord.state.addChannel({ guildId }));
      const answers = await Promise.all(channels.map(({ id }) => ask('GET', `/channels/${id}`)));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused).toHaveLength(1);
      expect(refused[0]!.body).toMatchObject({ global: true, retry_after: 1 });
      expect(refused[0]!.headers.get('X-RateLimit-Global')).toBe('true');
    });

    it('allow two changes of the name or topic in ten minutes', async () => {
      const change = (body: object) => ask('PATCH', `/channels/${channelId}`, body);
      expect([await change({ name: 'a' }), await change({ topic: 'b' })].map(({ status }) => status)).toEqual([
        200, 200,
      ]);
      clock.advance(540_000);
      const third = await change({ name: 'c' });
      expect(third).toMatchObject({ status: 429, body: { retry_after: 60 } });
      expect(third.headers.get('X-RateLimit-Remaining')).not.toBe('0');
      expect((await change({ nsfw: true })).status).toBe(200);
      expect(discord.state.channel(channelId).name).toBe('a');
    });
  });

  it('answers a repeated nonce with the existing message for five minutes', async () => {
    const body = { content: 'x', nonce: 'n', enforce_nonce: true };
    const [first, second] = [await send(body), await send(body)];
    expect(second.body['id']).toBe(first.body['id']);
    clock.advance(300_001);
    await send(body);
    expect(discord.state.messagesOf(channelId)).toHaveLength(2);
  });

  it('allows 500 channels in a guild', async () => {
    while (discord.state.channelsOf(guildId).length < 500) discord.state.addChannel({ guildId });
    const answer = await ask('POST', `/guilds/${guildId}/channels`, { name: 'x' });
    expect(answer).toMatchObject({ status: 400, body: { code: 30013 } });
  });

  it('records every request with its time and the status of its response', async () => {
    await send(form({ content: 'x', attachments: [{ id: '0', filename: 'b.png' }] }, { 'files[0]': 'a.png' }));
    clock.advance(5);
    await ask('GET', `/guilds/${guildId}`);
    const [write, read] = discord.requests as [RecordedRequest, RecordedRequest];
    expect(write).toMatchObject({
      method: 'POST',
      route: 'POST /channels/{channel_id}/messages',
      json: { content: 'x' },
      files: [{ key: 'files[0]', name: 'a.png' }],
      status: 200,
    });
    expect(read.at - write.at).toBe(5);
    expect(discord.writes).toEqual([write]);
    expect(discord.violations).toEqual([]);
  });
});

type Answer = Record<string, unknown> & Record<number, unknown>;
