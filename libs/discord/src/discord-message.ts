import { AnswerFields } from './answer-fields.js';
import { readBody, type MessageBody } from './message-body.js';
import { readUser, type DiscordUser } from './user-calls.js';

export interface MessageReference {
  kind: 'reply' | 'forward';
  /** The guild of the other message. Undefined for a message without a guild. */
  guildId?: string;
  channelId?: string;
  messageId?: string;
}

export interface ReactionCount {
  /** A Unicode emoji, or the name of a custom emoji. */
  emoji: string;
  /** Only for a custom emoji. */
  emojiId?: string;
  count: number;
}

export interface DiscordMessage extends MessageBody {
  id: string;
  channelId: string;
  /** For a webhook's message: a pseudo user with the webhook's id. */
  author: DiscordUser;
  webhookId?: string;
  /** A `MessageType` of discord-api-types: 0 plain, 19 reply, most others are system messages. */
  type: number;
  /** Ids of mentioned users. */
  mentionedIds: string[];
  /** It is an invitation to an activity, such as a game, and may have no other content. */
  isInvitation: boolean;
  reference?: MessageReference;
  /** The content of a forwarded message. The message's own body is empty then. */
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
    mentionedIds: fields.list('mentions', (user) => user.optionalId('id') ?? '').filter((id) => id !== ''),
    isInvitation: fields.object('activity') !== undefined,
    reference: readReference(fields.object('message_reference')),
    ...readBody(fields),
    forwarded: fields.list('message_snapshots', (snapshot) => readBody(snapshot.object('message') ?? snapshot)),
    reactions: fields.list('reactions', readReaction),
  };
}

function readReference(fields: AnswerFields | undefined): MessageReference | undefined {
  if (!fields) return undefined;
  return {
    kind: fields.number('type') === 1 ? 'forward' : 'reply',
    guildId: fields.optionalId('guild_id'),
    channelId: fields.optionalId('channel_id'),
    messageId: fields.optionalId('message_id'),
  };
}

function readReaction(fields: AnswerFields): ReactionCount {
  const emoji = fields.object('emoji');
  return { emoji: emoji?.text('name') ?? '', emojiId: emoji?.optionalId('id'), count: fields.number('count') ?? 0 };
}
