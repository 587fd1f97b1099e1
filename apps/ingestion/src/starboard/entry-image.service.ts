import { Injectable } from '@nestjs/common';
import pLimit from 'p-limit';
import { DownloadError, downloadFile, type FileUpload } from '#libs/discord';
import type { FirstImage } from './first-image.js';

/** What an entry shows of a picture. */
export interface EntryImage {
  /** Of the embed. */
  url?: string;
  file?: FileUpload;
}

const MIB = 2 ** 20;
/** What a bot may upload by the guild's premium tier, in bytes. */
const UPLOAD_LIMITS = [10 * MIB, 10 * MIB, 50 * MIB, 100 * MIB] as const;
/** Pictures are held whole; of the large ones one at a time is enough. */
const LARGE = 8 * MIB;

/** Brings the pictures of entries to where their links do not end: into the entries themselves. */
@Injectable()
export class EntryImages {
  private readonly largeOnes = pLimit(1);

  /**
   * Gives `use` the picture as a file, or as a link where it is too large, or cannot be fetched. The file is held only
   * while it is being used.
   *
   * @param premiumTier asked for only where it matters
   */
  async with<T>(
    image: FirstImage | undefined,
    premiumTier: () => Promise<number>,
    signal: AbortSignal,
    use: (image: EntryImage) => Promise<T>,
  ): Promise<T> {
    if (!image) return use({});
    if (!image.isDiscords) return use({ url: image.url });
    const size = image.size ?? LARGE;
    const limit = size <= UPLOAD_LIMITS[0] ? UPLOAD_LIMITS[0] : uploadLimit(await premiumTier());
    if (size > limit) return use(linked(image));
    const fetchAndUse = async () => {
      signal.throwIfAborted();
      return use(await this.fetch(image, limit, signal));
    };
    return size > LARGE ? this.largeOnes(fetchAndUse) : fetchAndUse();
  }

  private async fetch(image: FirstImage, limit: number, signal: AbortSignal): Promise<EntryImage> {
    try {
      const data = await downloadFile(image.url, limit, signal);
      const name = `${image.isSpoiler ? 'SPOILER_' : ''}image.${extensionOf(image)}`;
      const file = { name, data, contentType: image.contentType };
      // An embed cannot hide what it shows; a file beside it can.
      return image.isSpoiler ? { file } : { file, url: `attachment://${name}` };
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      return linked(image);
    }
  }
}

/** A picture that has to be asked for is left to the original message. */
export function linked({ url, isSpoiler }: FirstImage): EntryImage {
  return isSpoiler ? {} : { url };
}

function uploadLimit(premiumTier: number): number {
  return UPLOAD_LIMITS[premiumTier] ?? UPLOAD_LIMITS[0];
}

function extensionOf({ contentType, url }: FirstImage): string {
  const ofType = /^image\/(png|jpeg|gif|webp)/.exec(contentType ?? '')?.[1];
  const ofName = /\.(png|jpe?g|gif|webp)$/i.exec(new URL(url).pathname)?.[1];
  return (ofType ?? ofName ?? 'png').toLowerCase();
}
