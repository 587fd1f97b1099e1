import { MAX_SNOWFLAKE } from './snowflake.js';

/**
 * Patterns of JSON Schema for what the field types accept, so that a schema and the reader of a field agree on every
 * text. They are written for the flag `u`, as JSON Schema asks.
 */

const MAX_DIGITS = MAX_SNOWFLAKE.toString();

/** The digits of an integer from 1 to 2^63-1, without leading zeros. */
export const SNOWFLAKE_PATTERN = `^(?:${[
  `[1-9][0-9]{0,${MAX_DIGITS.length - 2}}`,
  ...[...MAX_DIGITS].flatMap((digit, index) => belowDigit(Number(digit), index)),
  MAX_DIGITS,
].join('|')})$`;

/** Numbers of as many digits as the maximum that are smaller than it from this digit on. */
function belowDigit(digit: number, index: number): string[] {
  const first = index === 0 ? 1 : 0;
  if (digit === first) return [];
  const rest = MAX_DIGITS.length - index - 1;
  return [`${MAX_DIGITS.slice(0, index)}[${first}-${digit - 1}]${rest === 0 ? '' : `[0-9]{${rest}}`}`];
}

/** Texts without U+0000 and without lone surrogates. */
export const TEXT_PATTERN = '^[^\\u0000\\uD800-\\uDFFF]*$';

export const UUID_PATTERN = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';

/** ISO 8601 with an offset, in the extended or the basic format, of days that the calendar has. */
export const INSTANT_PATTERN = `^(?:${isoPattern('-', ':')}|${isoPattern('', '')})$`;

function isoPattern(dateSeparator: string, timeSeparator: string): string {
  const month31 = `(?:0[13578]|1[02])${dateSeparator}(?:0[1-9]|[12][0-9]|3[01])`;
  const month30 = `(?:0[469]|11)${dateSeparator}(?:0[1-9]|[12][0-9]|30)`;
  const february = `02${dateSeparator}(?:0[1-9]|1[0-9]|2[0-8])`;
  const leapYear = '(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)';
  const date = `(?:[0-9]{4}${dateSeparator}(?:${month31}|${month30}|${february})|${leapYear}${dateSeparator}02${dateSeparator}29)`;
  const seconds = `(?:${timeSeparator}[0-5][0-9](?:[.,][0-9]{1,20})?)?`;
  const time = `(?:[01][0-9]|2[0-3])${timeSeparator}[0-5][0-9]${seconds}`;
  const offset = '(?:[Zz]|[+\\u2212-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)';
  return `${date}[Tt]${time}${offset}`;
}
