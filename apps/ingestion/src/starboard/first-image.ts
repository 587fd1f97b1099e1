import type { DiscordAttachment, DiscordEmbed, DiscordMessage } from '#libs/discord';
import { bodiesOf } from './entry-message.js';
import { isPicture } from './picture-files.js';

/** The picture of a message that its entry shows. */
export interface FirstImage {
  url: string;
  /** Bytes; undefined where nobody tells. */
  size?: number;
  contentType?: string;
  /** It lies at Discord, whose links end with time. */
  isDiscords: boolean;
  /** The author wants it to be seen only by who asks for it. */
  isSpoiler: boolean;
}

const DISCORD_HOSTS = ['cdn.discordapp.com', 'media.discordapp.net'];

/** The first picture: of the files first, then of what links in the text show. */
export function firstImage(message: DiscordMessage): FirstImage | undefined {
  const bodies = bodiesOf(message);
  const attachment = bodies.flatMap(({ attachments }) => attachments).find(isPicture);
  if (attachment) return ofAttachment(attachment);
  const url = bodies
    .flatMap(({ embeds }) => embeds)
    .map(pictureOf)
    .find((address) => address !== undefined);
  return url === undefined ? undefined : { url, isDiscords: isDiscordsOwn(url), isSpoiler: false };
}

function ofAttachment({ url, size, contentType, filename }: DiscordAttachment): FirstImage {
  return { url: url!, size, contentType, isDiscords: true, isSpoiler: filename.startsWith('SPOILER_') };
}

function pictureOf({ type, imageUrl, thumbnailUrl, url }: DiscordEmbed): string | undefined {
  const isPictureItself = type === 'image' || type === 'gifv';
  const address = imageUrl ?? (isPictureItself ? (thumbnailUrl ?? url) : undefined);
  return address !== undefined && /^https?:\/\//.test(address) ? address : undefined;
}

function isDiscordsOwn(url: string): boolean {
  return URL.canParse(url) && url.startsWith('https:') && DISCORD_HOSTS.includes(new URL(url).hostname);
}
