import { DiscordClient } from '#libs/discord';
import { DiscordDouble } from '../doubles/discord/index.js';

describe(DiscordClient.name, () => {
  let discord: DiscordDouble;
  let client: DiscordClient;
  const { signal } = new AbortController();

  beforeEach(async () => {
    discord = await DiscordDouble.start();
    client = new DiscordClient({ token: discord.token, apiUrl: discord.url });
  });
  afterEach(async () => {
    await discord.close();
    expect(discord.violations).toEqual([]);
  });

  it('reads a guild with its counts', async () => {
    const { id } = discord.state.addGuild({ name: 'Lantern', memberCount: 12, presenceCount: 3 });
    expect(await client.guilds.get(id, signal)).toMatchObject({
      id,
      name: 'Lantern',
      approximateMemberCount: 12,
      approximatePresenceCount: 3,
    });
  });
  it('uploads', async () => {
    const { id } = discord.state.addGuild();
    const channel = discord.state.addChannel({ guildId: id });
    const sent = await client.messages.send(
      {
        guildId: id,
        channelId: channel.id,
        nonce: 'n',
        content: 'hi',
        files: [{ name: 'a.png', data: new Uint8Array([1, 2, 3]) }],
        embeds: [{ image: { url: 'attachment://a.png' } }],
      },
      signal,
    );
    expect(sent).toMatchObject({ content: 'hi' });
    const file = await fetch(sent.embeds[0]!.imageUrl!);
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]));
  });
});
