/** Starts like a formula, possibly after characters that spreadsheets skip, or with the apostrophe that marks text. */
const LOOKS_LIKE_FORMULA = /^(?:[\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠'])/u;
/** Includes all Discord ids, which would lose their last digits as numbers. */
const LOOKS_LIKE_NUMBER_OR_DATE = /^[0-9.,:/+\-eE%\s]+$/;
/** Includes semicolons and tabs, which are separators in some spreadsheets. */
const NEEDS_QUOTES = /[",;\t\r\n]|^ | $/;

/**
 * Protects a text from spreadsheets: adds a leading apostrophe if they would read it as a formula, number or date. A
 * text that starts with an apostrophe gets another one, so a reader can always remove one.
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
