import { AttachmentFlags, ComponentType, type StickerFormatType } from 'discord-api-types/v10';
import type { AnswerFields } from './answer-fields.js';

export interface DiscordAttachment {
  id: string;
  filename: string;
  /** MIME type, if Discord knows it. */
  contentType?: string;
  /** Bytes. 0 if Discord does not say. */
  size: number;
  /** The download URL, which expires. Undefined if Discord does not say. */
  url?: string;
  /** Marked as a spoiler. */
  isSpoiler: boolean;
  /** Only for a voice message. */
  durationSeconds?: number;
}

/** An embed: the preview of a link, or content of a bot. `type` is Discord's: rich, image, video, gifv, … */
export interface DiscordEmbed {
  type?: string;
  /** For the preview of a link: the link. */
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

/** A picture or another file in a message with components. */
export interface ComponentMedia {
  url: string;
  contentType?: string;
  /** Only for a file. */
  filename?: string;
  /** The id of the shown attachment. Undefined for an external URL. */
  attachmentId?: string;
}

/** A component with content. `isSpoiler` if it or its container is a spoiler. */
export type DiscordComponent = { isSpoiler: boolean } & (
  { kind: 'text'; text: string } | { kind: 'media'; media: ComponentMedia }
);

/** The content of a message. Without the privileged intent Message Content, everything except stickers is empty. */
export interface MessageBody {
  content: string;
  attachments: DiscordAttachment[];
  embeds: DiscordEmbed[];
  stickers: DiscordSticker[];
  poll?: DiscordPoll;
  /** Components with text or files, in reading order. Buttons and menus are omitted. */
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
