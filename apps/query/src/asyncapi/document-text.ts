const TWO_TO_THE_63 = '9223372036854775808';
/** How JavaScript writes it. Languages with integers of 64 bits would read another number. */
const ROUNDED = (2 ** 63).toString();

/** A document as JSON. Limits of ids are exact. */
export function documentText(document: object, indentation?: number): string {
  return JSON.stringify(document, null, indentation).replaceAll(ROUNDED, TWO_TO_THE_63);
}
