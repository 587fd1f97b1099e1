import type { DiscordAttachment } from '#libs/discord';

const PICTURE_TYPES = /^image\/(png|jpeg|gif|webp)\b/;
const PICTURE_NAMES = /\.(png|jpe?g|gif|webp)$/i;

/** Whether an embed can show the file. */
export function isPicture({ contentType, filename, url }: DiscordAttachment): boolean {
  if (url === undefined) return false;
  return contentType === undefined ? PICTURE_NAMES.test(filename) : PICTURE_TYPES.test(contentType);
}
