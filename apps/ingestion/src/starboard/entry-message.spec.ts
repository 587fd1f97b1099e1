import type { DiscordAttachment, DiscordEmbed, DiscordMessage } from '#libs/discord';
import { cutText } from './cut-text.js';
import { entryEmbed } from './entry-message.js';
import { firstImage } from './first-image.js';
import { spoilersOf } from './spoilers.js';

const MESSAGE: DiscordMessage = {
  id: '1080946345600884751',
  channelId: '1080946345600884752',
  author: { id: '1080946345600884753', name: 'Ada', avatar: null, isBot: false },
  type: 0,
  mentionedIds: [],
  isInvitation: false,
  content: '',
  attachments: [],
  embeds: [],
  stickers: [],
  components: [],
  forwarded: [],
  reactions: [],
};
const GUILD = '1080946345600884750';

const file = (more: Partial<DiscordAttachment>): DiscordAttachment => ({
  id: '1',
  size: 1,
  filename: 'file',
  isSpoiler: false,
  ...more,
});
const preview = (url: string): DiscordEmbed => ({ type: 'image', url, thumbnailUrl: url, fields: [] });
/** The part of a text that is visible without opening a spoiler. */
const visible = (text: string) =>
  spoilersOf(text)
    .toSorted((a, b) => b.start - a.start)
    .reduce((left, { start, end }) => left.slice(0, start) + left.slice(Math.min(end, left.length)), text);

describe('cutText', () => {
  it.each([
    ['fits', 'abc', 3, 'abc'],
    ['is too long', 'abcd', 3, 'ab…'],
    ['would end in half an emoji', 'a😀b', 3, 'a…'],
    ['would end in a spoiler', 'a ||secret|| b', 10, 'a ||sec…||'],
    ['would end after the bars that open a spoiler', 'some ||secret|| b', 9, 'some …'],
    ['would end between the bars that close a spoiler', 'a ||secret|| bcdef', 12, 'a ||secre…||'],
    ['ends after a spoiler', 'a ||b|| cde', 10, 'a ||b|| c…'],
  ])('respects the limit of a text that %s', (_, text, longest, cut) => {
    expect(cutText(text, longest)).toBe(cut);
  });

  it.each([
    'before ||hidden HIDDEN|| between ||HIDDEN|| after',
    '`||` ||HIDDEN `code|| after',
    'https://a.example/||x ||HIDDEN|| after ||HIDDEN||',
    '\\||plain ||HIDDEN\\|| after ```||``` ||HIDDEN||',
    '> a ||b\n||HIDDEN|| after',
  ])('reveals no spoiler of %j, wherever it is cut', (text) => {
    for (let longest = 1; longest <= text.length; longest++) {
      const cut = cutText(text, longest);
      expect(cut.length).toBeLessThanOrEqual(longest);
      expect(visible(cut)).not.toMatch(/H/);
    }
  });
});

describe('entryEmbed', () => {
  it('stays within all limits of Discord, whatever the message contains', () => {
    const named = (number: number) => file({ filename: `${'_'.repeat(240)}${number}.zip` });
    const embed = entryEmbed(
      {
        ...MESSAGE,
        author: { ...MESSAGE.author, name: '😀'.repeat(200) },
        embeds: [{ title: 't'.repeat(256), description: '😀'.repeat(2_048), fields: [] }],
        attachments: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(named),
      },
      { guildId: GUILD, reply: { channelId: GUILD, messageId: GUILD, authorId: GUILD } },
    );
    const { description = '', author, title = '', fields = [] } = embed;
    expect(description.length).toBeLessThanOrEqual(4_096);
    expect(author!.name.length).toBeLessThanOrEqual(256);
    for (const { value } of fields) expect(value.length).toBeLessThanOrEqual(1_024);
    const texts = [description, author!.name, title, ...fields.flatMap(({ name, value }) => [name, value])];
    expect(texts.join('').length).toBeLessThanOrEqual(6_000);
    // Half an emoji would not survive the encoding in UTF-8.
    expect(texts.map((text) => Buffer.from(text).toString())).toEqual(texts);
  });

  it('escapes markup in file names', () => {
    const { fields } = entryEmbed(
      { ...MESSAGE, attachments: [file({ filename: '[x](y)_z_.pdf' })] },
      { guildId: GUILD },
    );
    expect(fields).toEqual([{ name: 'Files', value: '\\[x\\]\\(y\\)\\_z\\_.pdf' }]);
  });

  it.each([
    ['cat.avif', 'image/avif', true],
    ['cat.heic', 'image/heic', true],
    ['cat.svg', 'image/svg+xml', true],
    ['cat.png', 'image/png', false],
    ['cat.png', undefined, false],
  ])('lists the file name of %s (%s): %s', (filename, contentType, isNamed) => {
    const url = `https://cdn.discordapp.com/attachments/1/1/${filename}`;
    const { fields } = entryEmbed(
      { ...MESSAGE, attachments: [file({ filename, contentType, url })] },
      { guildId: GUILD },
    );
    expect(fields).toEqual(isNamed ? [{ name: 'Files', value: filename }] : undefined);
  });

  it('shows the default avatar of Discord for a user without one', () => {
    const { author } = entryEmbed(MESSAGE, { guildId: GUILD });
    expect(author!.icon_url).toMatch(/^https:\/\/cdn\.discordapp\.com\/embed\/avatars\/[0-5]\.png$/);
  });

  it.each<[string, Partial<DiscordMessage>, string]>([
    ['a sticker by its name', { stickers: [{ id: '1', name: 'Wave_', format: 3 }] }, 'Sticker: Wave\\_'],
    ['a poll', { poll: { question: 'Tea?', answers: ['Yes', 'No'] } }, 'Poll: Tea?\n• Yes\n• No'],
    ['a voice message', { attachments: [file({ durationSeconds: 12.4 })] }, 'Voice message of 12 s'],
    [
      'an embed of fields, author and footer',
      { embeds: [{ authorName: 'News', fields: [{ name: 'Wind', value: 'Fresh' }], footerText: 'today' }] },
      'News\nWind\nFresh\ntoday',
    ],
    [
      'components, with their spoilers',
      {
        components: [
          { kind: 'text', text: '# News', isSpoiler: false },
          { kind: 'text', text: 'x || y', isSpoiler: true },
        ],
      },
      '# News\n||x \\|\\| y||',
    ],
    [
      'several texts, so that an unclosed spoiler of one hides nothing of the others',
      {
        components: [
          { kind: 'text', text: 'a || b', isSpoiler: false },
          { kind: 'text', text: '||secret||', isSpoiler: false },
        ],
      },
      '||a \\|\\| b||\n||secret||',
    ],
  ])('shows %s', (_, parts, description) => {
    expect(entryEmbed({ ...MESSAGE, ...parts }, { guildId: GUILD }).description).toBe(description);
  });

  it.each([
    ['of this guild', GUILD, '**Forwarded from <#7>**\nhello'],
    ['of another guild', '1', '**Forwarded**\nhello'],
    ['of a direct message', undefined, '**Forwarded**\nhello'],
  ])('marks a forward %s', (_, guildId, description) => {
    const forwarded = [{ ...MESSAGE, content: 'hello' }];
    const reference = { kind: 'forward' as const, guildId, channelId: '7', messageId: '8' };
    expect(entryEmbed({ ...MESSAGE, forwarded, reference }, { guildId: GUILD }).description).toBe(description);
  });

  it('hides the file names of spoilers', () => {
    const attachments = [file({ filename: 'end.txt', isSpoiler: true }), file({ filename: 'notes.txt' })];
    const { fields } = entryEmbed({ ...MESSAGE, attachments }, { guildId: GUILD });
    expect(fields).toEqual([{ name: 'Files', value: '||end.txt||\nnotes.txt' }]);
  });
});

describe('firstImage', () => {
  const SECRET = 'https://a.example/secret.png';
  const PLAIN = 'https://a.example/plain.png';

  it.each([
    ['between bars', `||${SECRET}||`, undefined],
    ['in a longer spoiler', `||look\nhere: ${SECRET} (the end)||`, undefined],
    ['in the second of two spoilers', `||a|| and ||${SECRET}||`, undefined],
    ['after escaped bars', `\\||x ||${SECRET}||`, undefined],
    ['after bars in code', `\`||\` ||${SECRET}||`, undefined],
    ['after a masked link', `[x](https://b.example)||${SECRET}||`, undefined],
    ['after a URL with bars', `https://b.example|| ||${SECRET}||`, undefined],
    ['after a quote that opens a spoiler', `> a ||b\n||${SECRET}||`, undefined],
    ['twice, once between bars', `${SECRET} ||${SECRET}||`, undefined],
    ['between two spoilers', `||a|| ${SECRET} ||b||`, SECRET],
    ['between escaped bars', `\\|\\|${SECRET}\\|\\|`, SECRET],
    ['between bars in code', `\`||\` ${SECRET} \`||\``, SECRET],
    ['between bars in blocks of code', `\`\`\`\n||\n\`\`\` ${SECRET} \`\`\`||\`\`\``, SECRET],
    ['after bars that are not closed', `|| ${SECRET}`, SECRET],
    ['without bars', `look: ${SECRET}.`, SECRET],
  ])('respects the spoilers around a link %s', (_, content, url) => {
    expect(firstImage({ ...MESSAGE, content, embeds: [preview(SECRET)] })?.url).toBe(url);
  });

  it('uses the first of several links that no spoiler hides', () => {
    const content = `||${SECRET}|| ${PLAIN}`;
    expect(firstImage({ ...MESSAGE, content, embeds: [preview(SECRET), preview(PLAIN)] })?.url).toBe(PLAIN);
  });

  it('shows no preview whose URL differs from the link, if a link is hidden', () => {
    const content = '||https://short.example/1||';
    expect(firstImage({ ...MESSAGE, content, embeds: [preview(SECRET)] })).toBeUndefined();
  });

  it('does not hide an embed of a bot that is not a link preview', () => {
    const embeds = [{ type: 'rich', imageUrl: PLAIN, fields: [] }];
    expect(firstImage({ ...MESSAGE, content: `||${SECRET}||`, embeds })?.url).toBe(PLAIN);
  });

  it.each([
    [1, 'https://cdn.discordapp.com/stickers/5.png'],
    [2, 'https://cdn.discordapp.com/stickers/5.png'],
    [3, undefined],
    [4, 'https://media.discordapp.net/stickers/5.gif'],
  ])('for a sticker of format %i is %s', (format, url) => {
    expect(firstImage({ ...MESSAGE, stickers: [{ id: '5', name: 'Wave', format }] })?.url).toBe(url);
  });

  it.each([true, false])(
    'has the spoiler flag of its component (%s), even if its file is not a spoiler',
    (isSpoiler) => {
      const url = 'https://cdn.discordapp.com/attachments/1/9/cat.png';
      const media = { url, filename: 'cat.png', attachmentId: '9' };
      const attachments = [file({ id: '9', filename: 'cat.png', url })];
      const components = [{ kind: 'media' as const, media, isSpoiler }];
      for (const listed of [attachments, []]) {
        const image = firstImage({ ...MESSAGE, attachments: listed, components });
        expect(image).toMatchObject({ url, isSpoiler, isDiscords: true });
      }
    },
  );
});
