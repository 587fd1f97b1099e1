import type { ComponentMedia, DiscordAttachment, MessageBody } from '#libs/discord';

type FileFields = 'filename' | 'contentType' | 'isSpoiler' | 'url' | 'durationSeconds';

/** A file of a message: an attachment, or the media of a component. */
export interface MessageFile extends Pick<DiscordAttachment, FileFields> {
  /** Bytes. Undefined if Discord does not say. */
  size?: number;
  /** Uploaded with the message, so that Discord hosts it and its link expires. */
  isAttached: boolean;
}

const PICTURE_TYPES = /^image\/(png|jpeg|gif|webp)\b/;
const PICTURE_NAMES = /\.(png|jpe?g|gif|webp)$/i;

/** All files, without duplicates. A file is a spoiler if its attachment or component is one. */
export function filesOf({ attachments, components }: MessageBody): MessageFile[] {
  const shown = components.flatMap((component) =>
    component.kind === 'media' ? [{ ...component.media, isSpoiler: component.isSpoiler }] : [],
  );
  const attached = attachments.map(({ id, isSpoiler, size, ...attachment }) => ({
    ...attachment,
    size: size || undefined,
    isSpoiler: isSpoiler || shown.some((media) => media.attachmentId === id && media.isSpoiler),
    isAttached: true,
  }));
  const others = shown.filter(({ attachmentId }) => !attachments.some(({ id }) => id === attachmentId));
  return [...attached, ...others.map(fileOfMedia)];
}

/** Whether an embed can show the file. */
export function isPicture({
  contentType,
  filename,
  url,
}: Pick<MessageFile, 'contentType' | 'filename' | 'url'>): boolean {
  if (url === undefined) return false;
  return contentType === undefined ? PICTURE_NAMES.test(filename) : PICTURE_TYPES.test(contentType);
}

function fileOfMedia({
  url,
  contentType,
  filename = 'file',
  attachmentId,
  isSpoiler,
}: ComponentMedia & { isSpoiler: boolean }) {
  return { url, contentType, filename, isSpoiler, isAttached: attachmentId !== undefined };
}
