import { botPermissions, joinIfVoice, requireInChannel, requireToUnarchive } from './bot-permissions.js';
import { PERMISSION_BITS, type PermissionName } from './permission-bits.js';
import {
  isThread,
  type DiscordState,
  type StoredAttachment,
  type StoredChannel,
  type StoredMessage,
} from './discord-state.js';
import { embedComplaints, embedAsAnswered, type EmbedBody } from './message-embeds.js';
import {
  emptyMessage,
  invalidForm,
  missingPermissions,
  notTheAuthor,
  threadArchived,
  tooLarge,
  wrongChannelType,
} from './refusal.js';
import type { UploadedFile } from './request-body.js';
import type { CheckedRequest, Handlers } from './route-handlers.js';

const CATEGORY = 4;
const NONCE_KEPT_MS = 5 * 60_000;
const MIB = 2 ** 20;
/** The maximum file size in bytes by the premium tier of the guild. */
const UPLOAD_LIMITS = [10 * MIB, 10 * MIB, 50 * MIB, 100 * MIB] as const;

export const messageRoutes = {
  'GET /channels/{channel_id}/messages/{message_id}': ({ state, answers }, { params }) => {
    const channel = readableChannel(state, params['channel_id']!);
    return { body: answers.message(state.message(params['message_id']!, channel.id)) };
  },

  'GET /channels/{channel_id}/messages': ({ state, answers }, { params, query }) => {
    const channel = state.channel(params['channel_id']!);
    requireInChannel(state, channel, ...joinIfVoice(channel));
    // Without this permission, Discord returns an empty list instead of an error.
    const { ReadMessageHistory } = PERMISSION_BITS;
    if (!(botPermissions(state, channel.guildId, channel) & ReadMessageHistory)) return { body: [] };
    const limit = Number(query.get('limit') ?? 50);
    const after = query.get('after');
    const oldestFirst = state.messagesOf(channel.id).toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
    const wanted = oldestFirst.filter(({ id }) => after === null || BigInt(id) > BigInt(after));
    const page = after === null ? wanted.slice(-limit) : wanted.slice(0, limit);
    return { body: page.toReversed().map((message) => answers.message(message)) };
  },

  'GET /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}': ({ state, answers }, request) => {
    const { params, query } = request;
    const channel = readableChannel(state, params['channel_id']!);
    const { reactions } = state.message(params['message_id']!, channel.id);
    const after = BigInt(query.get('after') ?? 0);
    const users = [...(reactions.get(params['emoji_name']!) ?? [])]
      .map(BigInt)
      .filter((id) => id > after)
      .sort((a, b) => (a < b ? -1 : 1))
      .slice(0, Number(query.get('limit') ?? 25));
    return { body: users.map((id) => answers.user(state.users.get(id.toString())!)) };
  },

  'POST /channels/{channel_id}/messages': ({ state, answers, nonces }, request) => {
    const wanted = request.json as MessageBody;
    const channel = state.channel(request.params['channel_id']!);
    requireWritable(state, channel, request);
    if (isEmpty(wanted, request.files)) throw emptyMessage();
    unarchiveBySending(state, channel);
    const nonce = wanted.enforce_nonce && wanted.nonce ? String(wanted.nonce) : undefined;
    const known = nonce === undefined ? undefined : nonces.get(nonce);
    if (known && known.at + NONCE_KEPT_MS > state.now()) return { body: known.body };
    const { attachments, embeds = [] } = extras(state, [], wanted, request.files);
    const message = state.addMessage({
      channelId: channel.id,
      authorId: state.bot.id,
      content: wanted.content ?? '',
      allowedMentions: wanted.allowed_mentions ?? undefined,
      attachments,
      embeds,
    });
    const body = { ...answers.message(message), ...(wanted.nonce && { nonce: wanted.nonce }) };
    if (nonce !== undefined) nonces.set(nonce, { at: state.now(), body });
    return { body };
  },

  'PATCH /channels/{channel_id}/messages/{message_id}': ({ state, answers }, request) => {
    const wanted = request.json as MessageBody;
    const channel = state.channel(request.params['channel_id']!);
    requireInChannel(state, channel, ...joinIfVoice(channel));
    const message = state.message(request.params['message_id']!, channel.id);
    if (message.authorId !== state.bot.id) throw notTheAuthor();
    if (channel.archived) throw threadArchived();
    checkUploads(state, channel, request.files);
    const kept = message.attachments.filter(({ id }) => wanted.attachments?.some((one) => one.id === id) ?? true);
    const { attachments, embeds = message.embeds } = extras(state, kept, wanted, request.files);
    Object.assign(message, { attachments, embeds, editedAt: state.now() });
    if (wanted.content !== undefined) message.content = wanted.content ?? '';
    message.allowedMentions = wanted.allowed_mentions ?? message.allowedMentions;
    return { body: answers.message(message) };
  },

  'DELETE /channels/{channel_id}/messages/{message_id}': ({ state }, { params }) => {
    const channel = state.channel(params['channel_id']!);
    requireInChannel(state, channel, ...joinIfVoice(channel));
    const message = state.message(params['message_id']!, channel.id);
    const mayDelete = botPermissions(state, channel.guildId, channel) & PERMISSION_BITS.ManageMessages;
    if (message.authorId !== state.bot.id && !mayDelete) throw missingPermissions();
    if (channel.archived) throw threadArchived();
    state.deleteMessage(message.id);
    return { status: 204 };
  },
} satisfies Handlers;

interface MessageBody {
  content?: string | null;
  embeds?: EmbedBody[] | null;
  nonce?: string | number | null;
  enforce_nonce?: boolean | null;
  allowed_mentions?: unknown;
  attachments?: { id: string; filename?: string | null; description?: string | null }[] | null;
}

/** @throws Refusal */
function readableChannel(state: DiscordState, channelId: string): StoredChannel {
  const channel = state.channel(channelId);
  requireInChannel(state, channel, 'ReadMessageHistory', ...joinIfVoice(channel));
  return channel;
}

/** @throws Refusal */
function requireWritable(state: DiscordState, channel: StoredChannel, { json, files }: CheckedRequest): void {
  if (channel.type === CATEGORY) throw wrongChannelType();
  const needed: PermissionName[] = [isThread(channel) ? 'SendMessagesInThreads' : 'SendMessages'];
  if (((json as MessageBody).embeds ?? []).length > 0) needed.push('EmbedLinks');
  if (files.length > 0) needed.push('AttachFiles');
  requireInChannel(state, channel, ...needed, ...joinIfVoice(channel));
  checkUploads(state, channel, files);
}

/** @throws Refusal 50083 if the thread is archived and locked */
function unarchiveBySending(state: DiscordState, channel: StoredChannel): void {
  if (!channel.archived) return;
  try {
    requireToUnarchive(state, channel);
  } catch {
    throw threadArchived();
  }
  channel.archived = false;
}

/** @throws Refusal 40005 */
function checkUploads(state: DiscordState, { guildId }: StoredChannel, files: readonly UploadedFile[]): void {
  const limit = UPLOAD_LIMITS[state.guild(guildId).premiumTier];
  if (files.some(({ data }) => data.byteLength > limit)) throw tooLarge();
}

function isEmpty({ content, embeds }: MessageBody, files: readonly UploadedFile[]): boolean {
  return (content ?? '').trim() === '' && (embeds ?? []).length === 0 && files.length === 0;
}

/** The attachments and embeds of a message after the request. Embeds are undefined if the request has none. */
function extras(
  state: DiscordState,
  kept: readonly StoredAttachment[],
  { embeds, attachments: described }: MessageBody,
  files: readonly UploadedFile[],
): Pick<StoredMessage, 'attachments'> & Partial<Pick<StoredMessage, 'embeds'>> {
  const uploaded = files.map(({ key, name, contentType, data }) => {
    const description = described?.find(({ id }) => key === `files[${id}]`);
    return state.newAttachment({
      filename: description?.filename ?? name,
      contentType: contentType || 'application/octet-stream',
      data,
      ...(description?.description && { description: description.description }),
    });
  });
  const attachments = [...kept, ...uploaded];
  if (embeds === undefined) return { attachments };
  const complaints = embedComplaints(
    embeds ?? [],
    attachments.map(({ filename }) => filename),
  );
  if (complaints.length > 0) throw invalidForm(complaints);
  return { attachments, embeds: (embeds ?? []).map(embedAsAnswered) };
}
