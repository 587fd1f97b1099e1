import type {
  APIEmbed,
  RESTPatchAPIChannelMessageJSONBody,
  RESTPostAPIChannelMessageJSONBody,
} from 'discord-api-types/v10';
import { AnswerFields, UnreadableAnswerError } from './answer-fields.js';
import type { ChannelOfGuild } from './channel-calls.js';
import type { DiscordCall } from './discord-call.js';
import type { DiscordRequests } from './discord-requests.js';
import { readMessage, type DiscordMessage } from './discord-message.js';
import { readUser, type DiscordUser } from './user-calls.js';

export interface MessageOfChannel {
  guildId: string;
  channelId: string;
  messageId: string;
}

export interface MessageContent {
  /** At most 2,000 characters. Mentions in it notify nobody. */
  content?: string;
  embeds?: readonly APIEmbed[];
}

export interface FileUpload {
  name: string;
  data: Uint8Array;
  /** MIME type. @defaultValue detected from the data */
  contentType?: string;
  /** The alternative text. */
  description?: string;
}

export interface NewMessage extends MessageContent {
  guildId: string;
  channelId: string;
  /**
   * 1 to 25 characters. If a message with the same nonce is sent again within some minutes, Discord returns the
   * existing message.
   */
  nonce: string;
  /** At most 10. An embed can show a file as `attachment://name`. */
  files?: readonly FileUpload[];
}

const STAR = '⭐';
/** Discord's maximum page size. */
const REACTIONS_PER_PAGE = 100;
const MESSAGES_PER_PAGE = 100;

/** Calls about messages. Every method throws DiscordError, or the signal's reason. */
export class MessageCalls {
  constructor(private readonly requests: DiscordRequests) {}

  async get({ guildId, channelId, messageId }: MessageOfChannel, signal: AbortSignal): Promise<DiscordMessage> {
    const path = `/channels/${channelId}/messages/${messageId}` as const;
    return this.requests.read({ path, guildId }, readMessage, signal);
  }

  /** The embeds of a message, with all their fields. */
  async embeds({ guildId, channelId, messageId }: MessageOfChannel, signal: AbortSignal): Promise<APIEmbed[]> {
    const path = `/channels/${channelId}/messages/${messageId}` as const;
    return this.requests.read({ path, guildId }, readEmbeds, signal);
  }

  /**
   * The messages in the channel after this id, in pages from old to new. The id may be made from a time. Empty without
   * the permission Read Message History.
   */
  async *pagesAfter(
    { guildId, channelId, after }: ChannelOfGuild & { after: string },
    signal: AbortSignal,
  ): AsyncGenerator<DiscordMessage[]> {
    const path = `/channels/${channelId}/messages` as const;
    for (let last = after; ;) {
      const query = new URLSearchParams({ limit: String(MESSAGES_PER_PAGE), after: last });
      const page = await this.requests.read({ path, guildId, query }, readMessages, signal);
      yield page;
      if (page.length < MESSAGES_PER_PAGE) return;
      last = page.map(({ id }) => id).reduce((newest, id) => (BigInt(id) > BigInt(newest) ? id : newest));
    }
  }

  /** All users who reacted with this emoji, including bots, in pages. */
  async *reactionPages(
    { guildId, channelId, messageId }: MessageOfChannel,
    signal: AbortSignal,
    emoji = STAR,
  ): AsyncGenerator<DiscordUser[]> {
    const path = `/channels/${channelId}/messages/${messageId}/reactions/${encodeURIComponent(emoji)}` as const;
    for (let after: string | undefined; ;) {
      const query = new URLSearchParams({ limit: String(REACTIONS_PER_PAGE), ...(after && { after }) });
      const page = await this.requests.read({ path, guildId, query }, readUsers, signal);
      yield page;
      if (page.length < REACTIONS_PER_PAGE) return;
      after = page.at(-1)!.id;
    }
  }

  /** Retried if the outcome is unknown, because the nonce prevents a second message. */
  async send(
    { guildId, channelId, nonce, content, embeds, files = [] }: NewMessage,
    signal: AbortSignal,
  ): Promise<DiscordMessage> {
    const body: RESTPostAPIChannelMessageJSONBody = {
      content,
      embeds: embeds && [...embeds],
      nonce,
      enforce_nonce: true,
      allowed_mentions: { parse: [] },
      attachments: attachmentsBody(files),
    };
    const call: DiscordCall = {
      method: 'POST',
      path: `/channels/${channelId}/messages`,
      guildId,
      body,
      files: files.map(({ name, data, contentType }) => ({ name, data, contentType })),
      isRepeatable: true,
    };
    return this.requests.answer(call, readMessage, signal);
  }

  /** Omitted properties are not changed. */
  async edit(
    { guildId, channelId, messageId, content, embeds }: MessageOfChannel & MessageContent,
    signal: AbortSignal,
  ): Promise<DiscordMessage> {
    const body: RESTPatchAPIChannelMessageJSONBody = {
      content,
      embeds: embeds && [...embeds],
      allowed_mentions: { parse: [] },
    };
    const path = `/channels/${channelId}/messages/${messageId}` as const;
    return this.requests.answer({ method: 'PATCH', path, guildId, body, isRepeatable: true }, readMessage, signal);
  }

  async delete({ guildId, channelId, messageId }: MessageOfChannel, signal: AbortSignal): Promise<void> {
    const path = `/channels/${channelId}/messages/${messageId}` as const;
    await this.requests.delete({ path, guildId }, 'message', signal);
  }
}

function readMessages(answer: unknown): DiscordMessage[] {
  if (!Array.isArray(answer)) throw new UnreadableAnswerError('a list is missing');
  return answer.map(readMessage);
}

function readUsers(answer: unknown): DiscordUser[] {
  return AnswerFields.each(answer, readUser);
}

function attachmentsBody(files: readonly FileUpload[]) {
  if (files.length === 0) return undefined;
  return files.map(({ name, description }, index) => ({ id: String(index), filename: name, description }));
}

function readEmbeds(answer: unknown): APIEmbed[] {
  const { embeds } = answer as { embeds?: unknown };
  if (!Array.isArray(embeds)) throw new UnreadableAnswerError('embeds are missing');
  return embeds as APIEmbed[];
}
