import { Injectable } from '@nestjs/common';
import { DownloadError, downloadFile, type FileUpload } from '#libs/discord';
import { Clock, DeadlineError, withDeadline } from '#libs/timing';
import { ByteBudget } from './byte-budget.js';
import type { FirstImage } from './first-image.js';

/** What an entry shows of a picture. */
export interface EntryImage {
  /** The image URL of the embed. */
  url?: string;
  file?: FileUpload;
}

const MIB = 2 ** 20;
/** The maximum upload of a bot in bytes, by the guild's premium tier. */
const UPLOAD_LIMITS = [10 * MIB, 10 * MIB, 50 * MIB, 100 * MIB] as const;
/** The memory limit for the pictures that an instance is posting. */
const MAX_HELD_BYTES = 64 * MIB;
const MAX_WAIT_MS = 30_000;
/** The download limit for a picture of unknown size. */
const MAX_UNKNOWN_SIZE = 8 * MIB;

/** Uploads the pictures of entries, because links to Discord's files expire. */
@Injectable()
export class EntryImages {
  private readonly budget = new ByteBudget(MAX_HELD_BYTES);

  constructor(private readonly clock: Clock) {}

  /**
   * Passes the picture to `use`: as a file, or as a link if it is too large, the download fails, or the memory limit is
   * reached for too long. The file is held only until `use` ends.
   *
   * @param premiumTier called only for files above the smallest limit
   */
  async with<T>(
    image: FirstImage | undefined,
    premiumTier: () => Promise<number>,
    signal: AbortSignal,
    use: (image: EntryImage) => Promise<T>,
  ): Promise<T> {
    if (!image) return use({});
    if (!image.isDiscords) return use({ url: image.url });
    const size = image.size ?? MAX_UNKNOWN_SIZE;
    const limit = size <= UPLOAD_LIMITS[0] ? UPLOAD_LIMITS[0] : uploadLimit(await premiumTier());
    if (size > limit || !(await this.mayHold(size, signal))) return use(linked(image));
    try {
      return await use(await this.fetch(image, size, signal));
    } finally {
      this.budget.giveBack(size);
    }
  }

  /** @returns false, and holds nothing, if there is not enough memory in time */
  private async mayHold(bytes: number, signal: AbortSignal): Promise<boolean> {
    if (bytes > this.budget.total) return false;
    try {
      await withDeadline({ what: 'waiting for memory', ms: MAX_WAIT_MS, signal, clock: this.clock }, (waiting) =>
        this.budget.take(bytes, waiting),
      );
      return true;
    } catch (error) {
      if (error instanceof DeadlineError) return false;
      throw error;
    }
  }

  private async fetch(image: FirstImage, size: number, signal: AbortSignal): Promise<EntryImage> {
    try {
      const data = await downloadFile(image.url, size, signal);
      const name = `${image.isSpoiler ? 'SPOILER_' : ''}image.${extensionOf(image)}`;
      const file = { name, data, contentType: image.contentType };
      // An embed cannot hide its picture, but an attached file can be a spoiler.
      return image.isSpoiler ? { file } : { file, url: `attachment://${name}` };
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      return linked(image);
    }
  }
}

/** The picture as a link. A spoiler is omitted, because a link would show it. */
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
