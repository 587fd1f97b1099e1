/** What spreadsheets take for the beginning of a formula, what they skip before it, and what marks a text already. */
const LOOKS_LIKE_FORMULA = /^(?:[\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠'])/u;
/** Every Discord id is among these, and would lose its last digits. */
const LOOKS_LIKE_NUMBER_OR_DATE = /^[0-9.,:/+\-eE%\s]+$/;
/** Semicolons and tabs separate cells in some spreadsheets, unless they are quoted. */
const NEEDS_QUOTES = /[",;\t\r\n]|^ | $/;

/**
 * A text as spreadsheets show and keep it: where they would run it, or make a number or a date of it, it gets a
 * leading apostrophe. So does a text that begins with one, and whoever reads it back always takes one off.
 */
export function textForSpreadsheets(text: string): string {
  return LOOKS_LIKE_FORMULA.test(text) || LOOKS_LIKE_NUMBER_OR_DATE.test(text) ? `'${text}` : text;
}

/** A line of CSV (RFC 4180). */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(quoted).join(',')}\r\n`;
}

function quoted(cell: string): string {
  return NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
