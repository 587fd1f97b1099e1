import type { Complaint } from './request-schemas.js';

export interface EmbedBody {
  title?: string | null;
  description?: string | null;
  footer?: { text?: string | null } | null;
  author?: { name?: string | null } | null;
  fields?: { name: string; value: string }[] | null;
  image?: { url?: string | null } | null;
  thumbnail?: { url?: string | null } | null;
  [field: string]: unknown;
}

const MOST_CHARACTERS = 6_000;

/** Checks the rules for embeds that Discord's schema does not contain: the total length, and the URLs of pictures. */
export function embedComplaints(embeds: readonly EmbedBody[], fileNames: readonly string[]): Complaint[] {
  const length = embeds.flatMap(textsOf).reduce((sum, text) => sum + Array.from(text).length, 0);
  const tooLong = {
    path: ['embeds'],
    code: 'MAX_EMBED_SIZE_EXCEEDED',
    message: 'Embed size exceeds maximum size of 6000',
  };
  const pictures = embeds.flatMap(({ image, thumbnail }, index) =>
    Object.entries({ image, thumbnail })
      .filter(([, picture]) => picture?.url && !isPicture(picture.url, fileNames))
      .map(([part, picture]) => ({
        path: ['embeds', String(index), part, 'url'],
        code: 'URL_TYPE_INVALID',
        message: `Not a URL of the web or of a file that comes with the message: "${picture?.url}"`,
      })),
  );
  return length > MOST_CHARACTERS ? [tooLong, ...pictures] : pictures;
}

/** Removes fields that are null. Every embed of a bot has the type `rich`. */
export function embedAsAnswered(embed: EmbedBody): Record<string, unknown> {
  const given = Object.entries(embed).filter(([, value]) => value !== null && value !== undefined);
  return { ...Object.fromEntries(given), type: 'rich' };
}

function textsOf({ title, description, footer, author, fields }: EmbedBody): string[] {
  const texts = [title, description, footer?.text, author?.name];
  return [...texts, ...(fields ?? []).flatMap(({ name, value }) => [name, value])]
    .filter((text) => text !== null)
    .map((text) => text ?? '');
}

function isPicture(url: string, fileNames: readonly string[]): boolean {
  if (url.startsWith('attachment://')) return fileNames.includes(url.slice('attachment://'.length));
  return /^https?:\/\//.test(url);
}
