import { Injectable } from '@nestjs/common';
import { DownloadError, downloadFile, type FileUpload } from '#libs/discord';
import { Clock, DeadlineError, withDeadline } from '#libs/timing';
import { ByteBudget } from './byte-budget.js';
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
/** Pictures are held whole: so much of all that an instance is posting. A larger one is linked. */
const HELD_AT_ONCE = 64 * MIB;
const LONGEST_WAIT_MS = 30_000;
/** Of a picture of which Discord does not tell the size; a larger one is linked. */
const LARGEST_UNKNOWN = 8 * MIB;

/** Brings the pictures of entries to where their links do not end: into the entries themselves. */
@Injectable()
export class EntryImages {
  private readonly budget = new ByteBudget(HELD_AT_ONCE);

  constructor(private readonly clock: Clock) {}

  /**
   * Gives `use` the picture as a file, or as a link where it is too large, or cannot be fetched, or where too many others
   * are being posted. The file is held only while it is being used.
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
    const size = image.size ?? LARGEST_UNKNOWN;
    const limit = size <= UPLOAD_LIMITS[0] ? UPLOAD_LIMITS[0] : uploadLimit(await premiumTier());
    if (size > limit || !(await this.mayHold(size, signal))) return use(linked(image));
    try {
      return await use(await this.fetch(image, size, signal));
    } finally {
      this.budget.giveBack(size);
    }
  }

  /** @returns false, with nothing held, when that would be too much for too long */
  private async mayHold(bytes: number, signal: AbortSignal): Promise<boolean> {
    if (bytes > this.budget.total) return false;
    try {
      await withDeadline({ what: 'waiting for room', ms: LONGEST_WAIT_MS, signal, clock: this.clock }, (waiting) =>
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
