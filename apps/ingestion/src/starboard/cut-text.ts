import { MARK, spoilersOf } from './spoilers.js';

/** At most so many UTF-16 units, never half an emoji; what was cut ends with an ellipsis, and spoilers stay closed. */
export function cutText(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const spoilers = spoilersOf(text).toSorted((a, b) => b.start - a.start);
  const isHidden = (position: number) => spoilers.some(({ start, end }) => start < position && position < end);
  let length = longest - 1;
  if (isHidden(length)) {
    length = Math.max(length - MARK.length, 0);
    // Of a spoiler that would be left with nothing but its bars, nothing is kept.
    for (const { start } of spoilers) if (start < length && length <= start + MARK.length) length = start;
  }
  const kept = text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
  return isHidden(length) ? `${kept}…${MARK}` : `${kept}…`;
}
