import { EXPORT_FORMATS, type ExportFormat } from './export-formats.js';

/** The formats of a view: `json` is a page in the envelope, the others are downloads. */
export const VIEW_FORMATS = ['json', 'csv', 'ndjson'] as const satisfies readonly ('json' | ExportFormat)[];
export type ViewFormat = (typeof VIEW_FORMATS)[number];

const JSON_RANGES = ['application/json', 'application/*', '*/*'];
const QUALITY = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

interface MediaRange {
  type: string;
  quality: number;
}

/**
 * The format that an `Accept` header prefers (RFC 9110, 12.5.1). A download format must be named explicitly: a header
 * that accepts anything, or no available format, gets JSON. At equal quality, an explicit type is preferred to a
 * wildcard, and then the earlier one to the later.
 */
export function preferredFormat(accept: string | undefined): ViewFormat {
  const ranges = (accept ?? '').split(',').flatMap(parseRange);
  const candidates = VIEW_FORMATS.flatMap((format) => {
    const names = format === 'json' ? JSON_RANGES : [EXPORT_FORMATS[format].mediaType];
    const name = names.find((one) => ranges.some(({ type }) => type === one));
    const position = ranges.findIndex(({ type }) => type === name);
    const { quality } = ranges[position] ?? { quality: 0 };
    return quality > 0 ? [{ format, quality, isWildcard: name!.endsWith('*'), position }] : [];
  });
  candidates.sort(
    (a, b) => b.quality - a.quality || Number(a.isWildcard) - Number(b.isWildcard) || a.position - b.position,
  );
  return candidates[0]?.format ?? 'json';
}

/** @returns an empty list if the text is not a media range */
function parseRange(text: string): MediaRange[] {
  const [type, ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  if (type === undefined || type === '') return [];
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
  return QUALITY.test(quality) ? [{ type, quality: Number(quality) }] : [];
}
