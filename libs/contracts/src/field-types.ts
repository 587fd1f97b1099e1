import { IntegralDecimal } from '#libs/json';
import { INSTANT_PATTERN, SNOWFLAKE_PATTERN, TEXT_PATTERN, UUID_PATTERN } from './field-patterns.js';
import { parseSnowflake } from './snowflake.js';

/** A JSON Schema (draft 2020-12). In the API document, a schema with a title becomes a component with that name. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** An invalid field of a request or event, as in `error.fields` and `x-error-fields`. */
export interface FieldError {
  field: string;
  message: string;
}

/** The maximum delay, one day. */
export const MAX_DELAY_MS = 86_400_000;
/** The maximum length of texts, in code points. */
export const MAX_TEXT_LENGTH = 100;
/** Smaller Unix times are probably in seconds by mistake (10^11 ms is in 1973). */
export const MIN_UNIX_MS = 100_000_000_000;

const MAX_COUNT = 2_147_483_647;
const MAX_ROLES = 1_000;
const MAX_INSTANT_MS = 8_640_000_000_000_000;
const MS_OF_400_YEARS = 146_097 * 86_400_000;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
// oxlint-disable-next-line no-control-regex -- U+0000 is what Postgres cannot store
const FORBIDDEN_IN_TEXT = /[\u0000\ud800-\udfff]/u;
/** The extended and the basic format of ISO 8601, with at least minutes. `−` is the minus sign of ISO 8601. */
const ISO_8601_EXTENDED =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,20}))?)?(?:Z|([+\-−])(\d\d)(?::?(\d\d))?)$/i;
const ISO_8601_BASIC =
  /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(?:(\d\d)(?:[.,](\d{1,20}))?)?(?:Z|([+\-−])(\d\d)(?::?(\d\d))?)$/i;

/**
 * A type of field: its description and its parser. The schema accepts exactly what `parse` accepts, except for ids and
 * counts with a fraction or an exponent (`5.0`): they are integers for JSON Schema, and invalid for `parse`. Documents
 * show the first of its `examples`.
 */
interface FieldTypeDefinition<T> {
  /** Completes the sentence "must be …". */
  expected: string;
  schema: JsonSchema;
  /** @returns undefined for an invalid value */
  parse: (value: unknown) => T | undefined;
}

const define = <T>(definition: FieldTypeDefinition<T>): FieldTypeDefinition<T> => definition;

export const FIELD_TYPES = {
  /** A Discord id, read as a string of digits. */
  snowflake: define<string>({
    expected: 'a Discord id: an integer from 1 to 9223372036854775807, or the same as a string of digits',
    schema: {
      title: 'SnowflakeInput',
      oneOf: [
        { type: 'string', pattern: SNOWFLAKE_PATTERN },
        // 2^63-1 is not a double, 2^63 is.
        { type: 'integer', minimum: 1, exclusiveMaximum: 2 ** 63 },
      ],
      description: 'A Discord id (snowflake) up to 2^63-1, as a string of digits or as a JSON integer',
      examples: ['175928847299117063'],
    },
    parse: parseSnowflake,
  }),
  /** A text, which is stored unchanged. */
  text: define<string>({
    expected: `a string of 1 to ${MAX_TEXT_LENGTH} characters, without U+0000 and lone surrogates`,
    schema: {
      type: 'string',
      minLength: 1,
      maxLength: MAX_TEXT_LENGTH,
      pattern: TEXT_PATTERN,
      examples: ['example'],
    },
    parse: parseText,
  }),
  boolean: define<boolean>({
    expected: 'true or false',
    schema: { type: 'boolean', examples: [false] },
    parse: (value) => (typeof value === 'boolean' ? value : undefined),
  }),
  /** A delay in milliseconds, read as whole microseconds. */
  delay: define<number>({
    expected: `a delay in milliseconds: a number from 0 to ${MAX_DELAY_MS}`,
    schema: {
      title: 'DelayInput',
      type: 'number',
      minimum: 0,
      maximum: MAX_DELAY_MS,
      description: 'A delay in milliseconds. Decimals are rounded to microseconds',
      examples: [12.5],
    },
    parse: parseDelay,
  }),
  /** A UUID of any version, read in lower case. */
  uuid: define<string>({
    expected: 'a UUID',
    schema: {
      type: 'string',
      format: 'uuid',
      pattern: UUID_PATTERN,
      examples: ['01a20cff-7d00-7000-8000-5e7c1a9d2b40'],
    },
    parse: (value) => (typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : undefined),
  }),
  /** A time, read as Unix milliseconds. It is truncated and not rounded. */
  instant: define<number>({
    expected: 'an ISO 8601 time with an offset, such as 2026-11-24T10:00:00.000Z, or Unix milliseconds',
    schema: {
      title: 'InstantInput',
      oneOf: [
        { type: 'string', pattern: INSTANT_PATTERN },
        { type: 'number', minimum: MIN_UNIX_MS, maximum: MAX_INSTANT_MS },
      ],
      description:
        'ISO 8601 with an offset (extended or basic format, seconds and fraction are optional), or Unix milliseconds',
      examples: ['2026-11-24T10:00:00.000Z'],
    },
    parse: parseInstant,
  }),

  count: define<number>({
    expected: `a count: an integer from 0 to ${MAX_COUNT}`,
    schema: { type: 'integer', minimum: 0, maximum: MAX_COUNT, examples: [1_234] },
    parse: parseCount,
  }),
  /** Counts by Discord id. */
  countsById: define<Record<string, number>>({
    expected: `an object with Discord ids as keys and counts as values, at most ${MAX_ROLES}`,
    schema: {
      title: 'CountsById',
      type: 'object',
      maxProperties: MAX_ROLES,
      propertyNames: { pattern: SNOWFLAKE_PATTERN },
      additionalProperties: { type: 'integer', minimum: 0, maximum: MAX_COUNT },
      description: 'A count for each Discord id',
      examples: [{ '175928847299117063': 12 }],
    },
    parse: parseCountsById,
  }),
  /** For `unavailable`: Discord's notice of an outage has `true`, and publishers must not forward it. */
  notTrue: define<boolean>({
    expected: "false: Discord's notice of an outage is not a deletion and must not be published",
    schema: { type: 'boolean', enum: [false], examples: [false] },
    parse: (value) => (value === false ? value : undefined),
  }),
} as const;

export type FieldType = keyof typeof FIELD_TYPES;

export function mustBe(field: string, type: FieldType): FieldError {
  return { field, message: `must be ${FIELD_TYPES[type].expected}` };
}

function parseText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length === 0 || value.length > 2 * MAX_TEXT_LENGTH) return undefined;
  if (FORBIDDEN_IN_TEXT.test(value)) return undefined;
  if (value.length > MAX_TEXT_LENGTH && Array.from(value).length > MAX_TEXT_LENGTH) return undefined;
  return value;
}

function parseDelay(value: unknown): number | undefined {
  const milliseconds = value instanceof IntegralDecimal ? value.value : value;
  if (typeof milliseconds !== 'number' || !(milliseconds >= 0 && milliseconds <= MAX_DELAY_MS)) return undefined;
  return Math.round(milliseconds * 1000);
}

function parseCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_COUNT ? value : undefined;
}

function parseCountsById(value: unknown): Record<string, number> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.length > MAX_ROLES) return undefined;
  const valid = entries.every(([id, count]) => parseSnowflake(id) !== undefined && parseCount(count) !== undefined);
  return valid ? (value as Record<string, number>) : undefined;
}

function parseInstant(value: unknown): number | undefined {
  if (typeof value === 'string') return parseIso8601(value);
  const milliseconds = value instanceof IntegralDecimal ? value.value : value;
  if (typeof milliseconds !== 'number') return undefined;
  return milliseconds >= MIN_UNIX_MS && milliseconds <= MAX_INSTANT_MS ? Math.floor(milliseconds) : undefined;
}

function parseIso8601(text: string): number | undefined {
  const match = ISO_8601_EXTENDED.exec(text) ?? ISO_8601_BASIC.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = 0, fraction = '', sign, offsetHour, offsetMinute = 0] = match;
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  const local = utcTime(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second));
  if (local === undefined) return undefined;
  if (sign === undefined) return local + milliseconds;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000;
  return local + milliseconds + (sign === '+' ? -offset : offset);
}

/** @returns Unix milliseconds; undefined for an invalid date, such as 30 February */
function utcTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  // Date.UTC reads the years 0 to 99 as 1900 to 1999. The calendar repeats every 400 years.
  const moved = year < 100 ? 400 : 0;
  if (day > 28 && day > new Date(Date.UTC(year + moved, month, 0)).getUTCDate()) return undefined;
  return Date.UTC(year + moved, month - 1, day, hour, minute, second) - (moved === 0 ? 0 : MS_OF_400_YEARS);
}
