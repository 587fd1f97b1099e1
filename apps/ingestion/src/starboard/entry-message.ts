import type { APIEmbed } from 'discord-api-types/v10';
import { snowflakeTime } from '#libs/contracts';
import type { StarredMessage } from '#libs/starboard';
import type { DiscordMessage, DiscordUser, MessageBody } from '#libs/discord';
import { cutText } from './cut-text.js';
import { textOf, withoutMarkup } from './message-text.js';
import { filesOf, isPicture } from './picture-files.js';
import { hide } from './spoilers.js';

/** The message that the starred one replies to. */
export interface ReplyContext {
  channelId: string;
  messageId: string;
  /** Undefined if the message cannot be read (any more) or its author was erased. */
  authorId?: string;
}

export interface EntryContext {
  guildId: string;
  reply?: ReplyContext;
  /** The picture of the embed: a URL, or `attachment://name`. */
  imageUrl?: string;
}

const CDN = 'https://cdn.discordapp.com';
const GOLD = 0xffac33;
const REPLY_FIELD = 'In reply to';
/** Discord's limits in characters. UTF-16 units are counted here, which are never fewer than characters. */
const MAX_DESCRIPTION = 4_096;
const MAX_AUTHOR = 256;
const MAX_FIELD = 1_024;

/** The line above the embed. Only this part changes later. */
export function entryLine(stars: number, channelId: string): string {
  return `⭐ **${stars.toLocaleString('en-US')}** · <#${channelId}>`;
}

/**
 * The embed that shows the message on the starboard. The text is not changed, because mentions and links in embeds are
 * displayed as in messages but notify nobody.
 */
export function entryEmbed(message: DiscordMessage, { guildId, reply, imageUrl }: EntryContext): APIEmbed {
  const text = descriptionOf(message, guildId);
  const fields = [replyField(guildId, reply), filesField(message)].filter((field) => field !== undefined);
  return {
    color: GOLD,
    author: { name: cutText(message.author.name, MAX_AUTHOR) || '…', icon_url: avatarUrl(message.author) },
    title: 'Jump to the message',
    url: jumpUrl({ guildId, channelId: message.channelId, messageId: message.id }),
    ...(text !== '' && { description: cutText(text, MAX_DESCRIPTION) }),
    ...(fields.length > 0 && { fields }),
    ...(imageUrl !== undefined && { image: { url: imageUrl } }),
    timestamp: new Date(snowflakeTime(message.id)).toISOString(),
  };
}

export function jumpUrl({ guildId, channelId, messageId }: StarredMessage): string {
  return `https://discord.com/channels/${guildId}/${channelId}/${messageId}`;
}

/** The bodies of the message and of the messages that it forwards. */
export function bodiesOf(message: DiscordMessage): MessageBody[] {
  return [message, ...message.forwarded];
}

/** The text of the message, or of the forwarded message with a line that says so. */
function descriptionOf(message: DiscordMessage, guildId: string): string {
  const text = bodiesOf(message)
    .map(textOf)
    .find((written) => written.trim() !== '');
  return [...forwardLine(message, guildId), ...(text === undefined ? [] : [text])].join('\n');
}

/** Names the channel only if it belongs to this guild. */
function forwardLine({ reference }: DiscordMessage, guildId: string): string[] {
  if (reference?.kind !== 'forward') return [];
  const isOfGuild = reference.guildId === guildId && reference.channelId !== undefined;
  return [isOfGuild ? `**Forwarded from <#${reference.channelId}>**` : '**Forwarded**'];
}

/** The author and link of the replied-to message, but not its text: its author could not delete a copy. */
function replyField(guildId: string, reply: ReplyContext | undefined) {
  if (!reply) return undefined;
  const link = `[a message](${jumpUrl({ guildId, ...reply })})`;
  return { name: REPLY_FIELD, value: reply.authorId === undefined ? link : `${link} of <@${reply.authorId}>` };
}

const NAMED = /^(\[a message\]\(https:\/\/discord\.com\/channels\/\d+\/\d+\/(\d+)\)) of <@(\d+)>$/;

/** The author of the replied-to message that a post names. */
export function namedInReply(
  embeds: readonly { fields?: readonly { name: string; value: string }[] }[],
): { authorId: string; messageId: string } | undefined {
  for (const { name, value } of embeds.flatMap(({ fields }) => fields ?? [])) {
    const [, , messageId, authorId] = (name === REPLY_FIELD && NAMED.exec(value)) || [];
    if (messageId !== undefined && authorId !== undefined) return { authorId, messageId };
  }
  return undefined;
}

/** The embed without the author of the replied-to message. */
export function withoutReplyAuthor(embed: APIEmbed): APIEmbed {
  const fields = embed.fields?.map((field) =>
    field.name === REPLY_FIELD ? { ...field, value: field.value.replace(NAMED, '$1') } : field,
  );
  return { ...embed, fields };
}

/** The names of files that an entry cannot show as a picture. */
function filesField(message: DiscordMessage) {
  const names = bodiesOf(message)
    .flatMap(filesOf)
    .filter((file) => !isPicture(file) && file.durationSeconds === undefined)
    .map(({ filename, isSpoiler }) => (isSpoiler ? hide(withoutMarkup(filename)) : withoutMarkup(filename)));
  return names.length === 0 ? undefined : { name: 'Files', value: cutText(names.join('\n'), MAX_FIELD) };
}

function avatarUrl({ id, avatar }: DiscordUser): string {
  if (avatar !== null) return `${CDN}/avatars/${id}/${avatar}.png?size=128`;
  return `${CDN}/embed/avatars/${(BigInt(id) >> 22n) % 6n}.png`;
}
