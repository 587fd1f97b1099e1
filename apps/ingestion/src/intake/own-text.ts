/**
 * The same text in memory of its own. A part of another text is kept as a view of it, and keeps the whole of it alive.
 * Lone surrogates become U+FFFD.
 */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}
