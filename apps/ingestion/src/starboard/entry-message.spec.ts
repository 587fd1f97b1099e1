import type { DiscordMessage } from '#libs/discord';
import { cutText } from './cut-text.js';
import { entryEmbed } from './entry-message.js';

const MESSAGE: DiscordMessage = {
  id: '1080946345600884751',
  channelId: '1080946345600884752',
  author: { id: '1080946345600884753', name: 'Ada', avatar: null, isBot: false },
  type: 0,
  content: '',
  attachments: [],
  embeds: [],
  forwarded: [],
  reactions: [],
};
const GUILD = '1080946345600884750';

describe('cutText', () => {
  it.each([
    ['fits', 'abc', 3, 'abc'],
    ['is too long', 'abcd', 3, 'ab…'],
    ['would end in half an emoji', 'a😀b', 3, 'a…'],
  ])('keeps the limit of a text that %s', (_, text, longest, cut) => {
    expect(cutText(text, longest)).toBe(cut);
  });
});

describe('entryEmbed', () => {
  it('stays within all limits of Discord, whatever the message holds', () => {
    const file = (number: number) => ({ id: '1', size: 1, filename: `${'_'.repeat(240)}${number}.zip` });
    const embed = entryEmbed(
      {
        ...MESSAGE,
        author: { ...MESSAGE.author, name: '😀'.repeat(200) },
        embeds: [{ title: 't'.repeat(256), description: '😀'.repeat(2_048) }],
        attachments: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(file),
      },
      { guildId: GUILD, reply: { channelId: GUILD, messageId: GUILD, authorId: GUILD } },
    );
    const { description = '', author, title = '', fields = [] } = embed;
    expect(description.length).toBeLessThanOrEqual(4_096);
    expect(author!.name.length).toBeLessThanOrEqual(256);
    for (const { value } of fields) expect(value.length).toBeLessThanOrEqual(1_024);
    const texts = [description, author!.name, title, ...fields.flatMap(({ name, value }) => [name, value])];
    expect(texts.join('').length).toBeLessThanOrEqual(6_000);
    // Half an emoji does not survive the way through UTF-8.
    expect(texts.map((text) => Buffer.from(text).toString())).toEqual(texts);
  });

  it('takes nothing in the names of files for markup', () => {
    const attachments = [{ id: '1', size: 1, filename: '[x](y)_z_.pdf' }];
    const { fields } = entryEmbed({ ...MESSAGE, attachments }, { guildId: GUILD });
    expect(fields).toEqual([{ name: 'Files', value: '\\[x\\]\\(y\\)\\_z\\_.pdf' }]);
  });

  it.each([
    ['cat.avif', 'image/avif', true],
    ['cat.heic', 'image/heic', true],
    ['cat.svg', 'image/svg+xml', true],
    ['cat.png', 'image/png', false],
    ['cat.png', undefined, false],
  ])('of %s (%s) names the file: %s', (filename, contentType, isNamed) => {
    const url = `https://cdn.discordapp.com/attachments/1/1/${filename}`;
    const { fields } = entryEmbed(
      { ...MESSAGE, attachments: [{ id: '1', size: 1, filename, contentType, url }] },
      { guildId: GUILD },
    );
    expect(fields).toEqual(isNamed ? [{ name: 'Files', value: filename }] : undefined);
  });

  it('shows the avatar that Discord gives to whom has none', () => {
    const { author } = entryEmbed(MESSAGE, { guildId: GUILD });
    expect(author!.icon_url).toMatch(/^https:\/\/cdn\.discordapp\.com\/embed\/avatars\/[0-5]\.png$/);
  });
});
