/** At most so many UTF-16 units, never half an emoji; what was cut ends with an ellipsis. */
export function cutText(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const kept = text.slice(0, longest - 1);
  const endsWithHalf = /[\uD800-\uDBFF]$/.test(kept);
  return `${endsWithHalf ? kept.slice(0, -1) : kept}…`;
}
