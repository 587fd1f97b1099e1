import { MARK, spoilersOf } from './spoilers.js';

/**
 * Truncates a text to a number of UTF-16 units, with an ellipsis. Splits no surrogate pair, and closes open spoilers.
 */
export function cutText(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const spoilers = spoilersOf(text).toSorted((a, b) => b.start - a.start);
  const isHidden = (position: number) => spoilers.some(({ start, end }) => start < position && position < end);
  let length = longest - 1;
  if (isHidden(length)) {
    length = Math.max(length - MARK.length, 0);
    // A spoiler that would become empty is removed.
    for (const { start } of spoilers) if (start < length && length <= start + MARK.length) length = start;
  }
  const kept = text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
  return isHidden(length) ? `${kept}…${MARK}` : `${kept}…`;
}
