import { AttachmentFlags, ComponentType, type StickerFormatType } from 'discord-api-types/v10';
import type { AnswerFields } from './answer-fields.js';

export interface DiscordAttachment {
  id: string;
  filename: string;
  /** MIME type, where Discord knows it. */
  contentType?: string;
  /** Bytes; 0 when Discord does not tell. */
  size: number;
  /** Where it can be fetched; ends with time. Undefined when Discord does not tell. */
  url?: string;
  /** The author wants it to be seen only by who asks for it. */
  isSpoiler: boolean;
  /** Of a voice message alone. */
  durationSeconds?: number;
}

/** What a message shows of a link or of what a bot wrote; `type` is Discord's: rich, image, video, gifv, … */
export interface DiscordEmbed {
  type?: string;
  /** Of a link's preview, the link. */
  url?: string;
  title?: string;
  description?: string;
  authorName?: string;
  footerText?: string;
  fields: { name: string; value: string }[];
  imageUrl?: string;
  thumbnailUrl?: string;
}

export interface DiscordSticker {
  id: string;
  name: string;
  format: StickerFormatType;
}

export interface DiscordPoll {
  question: string;
  answers: string[];
}

/** A picture or another file in a message that is made of components. */
export interface ComponentMedia {
  url: string;
  contentType?: string;
  /** Of a file. */
  filename?: string;
  /** Of the message's attachment that it shows; undefined for an address that its author wrote. */
  attachmentId?: string;
}

/** A component that shows something; `isSpoiler` when it, or the container around it, is one. */
export type DiscordComponent = { isSpoiler: boolean } & (
  { kind: 'text'; text: string } | { kind: 'media'; media: ComponentMedia }
);

/** What a message holds. Without the privileged intent Message Content all but the stickers is empty. */
export interface MessageBody {
  content: string;
  attachments: DiscordAttachment[];
  embeds: DiscordEmbed[];
  stickers: DiscordSticker[];
  poll?: DiscordPoll;
  /** Those that show text or files, as they are read; buttons and menus are left out. */
  components: DiscordComponent[];
}

const SPOILER_PREFIX = 'SPOILER_';

export function readBody(fields: AnswerFields): MessageBody {
  const poll = fields.object('poll');
  return {
    content: fields.text('content') ?? '',
    attachments: fields.list('attachments', readAttachment),
    embeds: fields.list('embeds', readEmbed),
    stickers: fields.list('sticker_items', readSticker),
    poll: poll && readPoll(poll),
    components: fields.list('components', (component) => readComponent(component, false)).flat(),
  };
}

function readAttachment(fields: AnswerFields): DiscordAttachment {
  const filename = fields.text('filename') ?? 'file';
  const isMarked = ((fields.number('flags') ?? 0) & AttachmentFlags.IsSpoiler) !== 0;
  return {
    id: fields.id('id'),
    filename,
    contentType: fields.text('content_type'),
    size: fields.number('size') ?? 0,
    url: fields.text('url'),
    isSpoiler: isMarked || filename.startsWith(SPOILER_PREFIX),
    durationSeconds: fields.text('waveform') === undefined ? undefined : fields.number('duration_secs'),
  };
}

function readEmbed(fields: AnswerFields): DiscordEmbed {
  return {
    type: fields.text('type'),
    url: fields.text('url'),
    title: fields.text('title'),
    description: fields.text('description'),
    authorName: fields.object('author')?.text('name'),
    footerText: fields.object('footer')?.text('text'),
    fields: fields.list('fields', (field) => ({ name: field.text('name') ?? '', value: field.text('value') ?? '' })),
    imageUrl: fields.object('image')?.text('url'),
    thumbnailUrl: fields.object('thumbnail')?.text('url'),
  };
}

function readSticker(fields: AnswerFields): DiscordSticker {
  return { id: fields.id('id'), name: fields.text('name') ?? '', format: fields.number('format_type') ?? 0 };
}

function readPoll(fields: AnswerFields): DiscordPoll {
  const textOf = (media: AnswerFields | undefined) => media?.text('text') ?? media?.object('emoji')?.text('name') ?? '';
  return {
    question: textOf(fields.object('question')),
    answers: fields.list('answers', (answer) => textOf(answer.object('poll_media'))),
  };
}

function readComponent(fields: AnswerFields, isHidden: boolean): DiscordComponent[] {
  const isSpoiler = isHidden || fields.flag('spoiler');
  switch (fields.number('type')) {
    case ComponentType.TextDisplay:
      return [{ kind: 'text', text: fields.text('content') ?? '', isSpoiler }];
    case ComponentType.Thumbnail:
      return readMedia(fields.object('media'), isSpoiler);
    case ComponentType.File:
      return readMedia(fields.object('file'), isSpoiler, fields.text('name'));
    case ComponentType.MediaGallery:
      return fields.list('items', (item) => readMedia(item.object('media'), isSpoiler || item.flag('spoiler'))).flat();
    default: {
      const accessory = fields.object('accessory');
      return [
        ...fields.list('components', (inner) => readComponent(inner, isSpoiler)).flat(),
        ...(accessory ? readComponent(accessory, isSpoiler) : []),
      ];
    }
  }
}

function readMedia(fields: AnswerFields | undefined, isSpoiler: boolean, name?: string): DiscordComponent[] {
  const url = fields?.text('url');
  if (fields === undefined || url === undefined) return [];
  const filename = name ?? fileNameOf(url);
  const contentType = fields.text('content_type');
  const media = { url, contentType, filename, attachmentId: fields.optionalId('attachment_id') };
  return [{ kind: 'media', media, isSpoiler: isSpoiler || !!filename?.startsWith(SPOILER_PREFIX) }];
}

function fileNameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).pathname.split('/').at(-1) : undefined;
}
