import { AnswerFields } from './answer-fields.js';
import { readUser, type DiscordUser } from './user-calls.js';

export interface DiscordAttachment {
  id: string;
  filename: string;
  /** MIME type, where Discord knows it. */
  contentType?: string;
  /** Bytes. */
  size: number;
  /** Where it can be fetched; ends with time. Undefined when Discord does not tell. */
  url?: string;
}

/** What a message shows of a link or of what a bot wrote; `type` is Discord's: rich, image, video, gifv, … */
export interface DiscordEmbed {
  type?: string;
  url?: string;
  title?: string;
  description?: string;
  imageUrl?: string;
  thumbnailUrl?: string;
  videoUrl?: string;
  fields?: DiscordEmbedField[];
}

export interface DiscordEmbedField {
  name: string;
  value: string;
}

export interface MessageBody {
  /** Empty without the privileged intent Message Content, too. */
  content: string;
  attachments: DiscordAttachment[];
  embeds: DiscordEmbed[];
}

export interface MessageReference {
  kind: 'reply' | 'forward';
  channelId?: string;
  messageId?: string;
}

export interface ReactionCount {
  /** A Unicode emoji, or the name of a guild's own. */
  emoji: string;
  /** Of a guild's own emoji. */
  emojiId?: string;
  count: number;
}

export interface DiscordMessage extends MessageBody {
  id: string;
  channelId: string;
  /** Of a webhook's message, a made-up user with the webhook's id. */
  author: DiscordUser;
  webhookId?: string;
  /** A `MessageType` of discord-api-types: 0 plain, 19 reply, most others written by Discord itself. */
  type: number;
  reference?: MessageReference;
  /** What a forwarded message holds; its own body is empty then. */
  forwarded: MessageBody[];
  reactions: ReactionCount[];
}

export function readMessage(answer: unknown): DiscordMessage {
  const fields = AnswerFields.of(answer);
  return {
    id: fields.id('id'),
    channelId: fields.id('channel_id'),
    author: readUser(fields.requiredObject('author')),
    webhookId: fields.optionalId('webhook_id'),
    type: fields.number('type') ?? 0,
    reference: readReference(fields.object('message_reference')),
    ...readBody(fields),
    forwarded: fields.list('message_snapshots', (snapshot) => readBody(snapshot.object('message') ?? snapshot)),
    reactions: fields.list('reactions', readReaction),
  };
}

function readBody(fields: AnswerFields): MessageBody {
  return {
    content: fields.text('content') ?? '',
    attachments: fields.list('attachments', readAttachment),
    embeds: fields.list('embeds', readEmbed),
  };
}

function readAttachment(fields: AnswerFields): DiscordAttachment {
  return {
    id: fields.id('id'),
    filename: fields.text('filename') ?? 'file',
    contentType: fields.text('content_type'),
    size: fields.number('size') ?? 0,
    url: fields.text('url'),
  };
}

function readEmbed(fields: AnswerFields): DiscordEmbed {
  return {
    type: fields.text('type'),
    url: fields.text('url'),
    title: fields.text('title'),
    description: fields.text('description'),
    imageUrl: fields.object('image')?.text('url'),
    thumbnailUrl: fields.object('thumbnail')?.text('url'),
    videoUrl: fields.object('video')?.text('url'),
    fields: fields.list('fields', (field) => ({ name: field.text('name') ?? '', value: field.text('value') ?? '' })),
  };
}

function readReference(fields: AnswerFields | undefined): MessageReference | undefined {
  if (!fields) return undefined;
  return {
    kind: fields.number('type') === 1 ? 'forward' : 'reply',
    channelId: fields.optionalId('channel_id'),
    messageId: fields.optionalId('message_id'),
  };
}

function readReaction(fields: AnswerFields): ReactionCount {
  const emoji = fields.object('emoji');
  return { emoji: emoji?.text('name') ?? '', emojiId: emoji?.optionalId('id'), count: fields.number('count') ?? 0 };
}
