import type { DiscordEmbed, DiscordMessage, MessageBody } from '#libs/discord';
import { bodiesOf } from './entry-message.js';
import { stickerUrl } from './message-text.js';
import { filesOf, isPicture, type MessageFile } from './picture-files.js';
import { comparable, linksOf } from './spoilers.js';

/** The picture of a message that its entry shows. */
export interface FirstImage {
  url: string;
  /** Bytes. Undefined if unknown. */
  size?: number;
  contentType?: string;
  /** Hosted by Discord, with a link that expires. */
  isDiscords: boolean;
  /** Marked as a spoiler. */
  isSpoiler: boolean;
}

const DISCORD_HOSTS = ['cdn.discordapp.com', 'media.discordapp.net'];

/** The first picture: of files, else of link previews and embeds, else of stickers. */
export function firstImage(message: DiscordMessage): FirstImage | undefined {
  const bodies = bodiesOf(message);
  const file = bodies.flatMap(filesOf).find(isPicture);
  if (file) return ofFile(file);
  const url = bodies.flatMap(embedPictures)[0];
  if (url !== undefined) return { url, isDiscords: isDiscordsOwn(url), isSpoiler: false };
  const sticker = bodies.flatMap(({ stickers }) => stickers.map(stickerUrl)).find((address) => address !== undefined);
  return sticker === undefined ? undefined : { url: sticker, isDiscords: false, isSpoiler: false };
}

function ofFile({ url, size, contentType, isSpoiler, isAttached }: MessageFile): FirstImage {
  return { url: url!, size, contentType, isDiscords: isAttached || isDiscordsOwn(url!), isSpoiler };
}

/** Like Discord, an entry shows no preview of a link in a spoiler. */
function embedPictures({ content, embeds }: MessageBody): string[] {
  const links = linksOf(content);
  // An embed's URL may differ from the link in the text. If there are hidden links, an unknown URL counts as hidden.
  const isHidden = ({ url }: DiscordEmbed) =>
    url !== undefined &&
    links.hidden.length > 0 &&
    (links.hidden.includes(comparable(url)) || !links.visible.includes(comparable(url)));
  return embeds
    .filter((embed) => !isHidden(embed))
    .map(pictureOf)
    .filter((address) => address !== undefined);
}

function pictureOf({ type, imageUrl, thumbnailUrl, url }: DiscordEmbed): string | undefined {
  const isPictureItself = type === 'image' || type === 'gifv';
  const address = imageUrl ?? (isPictureItself ? (thumbnailUrl ?? url) : undefined);
  return address !== undefined && /^https?:\/\//.test(address) ? address : undefined;
}

function isDiscordsOwn(url: string): boolean {
  return URL.canParse(url) && url.startsWith('https:') && DISCORD_HOSTS.includes(new URL(url).hostname);
}
