import { IntegralDecimal } from '#libs/json';
import { MAX_SNOWFLAKE, parseSnowflake } from './snowflake.js';

/** A JSON Schema (draft 2020-12), as the API documents show it. One with a title is described once, under that name. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One wrong field of a request or event, as `error.fields` and `x-error-fields` list it. */
export interface FieldError {
  field: string;
  message: string;
}

/** Delays are at most a day, in milliseconds. */
export const MAX_DELAY_MS = 86_400_000;
/** Texts have at most this many code points. */
export const MAX_TEXT_LENGTH = 100;
/** Unix times below this are seconds by mistake (10^11 ms is the year 1973). */
export const MIN_UNIX_MS = 100_000_000_000;

const MAX_COUNT = 2_147_483_647;
const MAX_ROLES = 1_000;
const MAX_INSTANT_MS = 8_640_000_000_000_000;
const MS_OF_400_YEARS = 146_097 * 86_400_000;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
// oxlint-disable-next-line no-control-regex -- U+0000 is what Postgres cannot store
const FORBIDDEN_IN_TEXT = /[\u0000\ud800-\udfff]/u;
/** The extended format of ISO 8601, and the basic one, down to the minute at least; `−` is its own minus sign. */
const ISO_8601_EXTENDED =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,20}))?)?(?:Z|([+\-−])(\d\d)(?::?(\d\d))?)$/i;
const ISO_8601_BASIC =
  /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(?:(\d\d)(?:[.,](\d{1,20}))?)?(?:Z|([+\-−])(\d\d)(?::?(\d\d))?)$/i;

/** What a field may hold: how it is described, and how it is read. `parse` gives undefined for what is wrong. */
interface FieldTypeDefinition<T> {
  /** Ends the sentence "must be …". */
  expected: string;
  schema: JsonSchema;
  parse: (value: unknown) => T | undefined;
}

const define = <T>(definition: FieldTypeDefinition<T>): FieldTypeDefinition<T> => definition;

export const FIELD_TYPES = {
  /** A Discord id; read as its decimal digits. */
  snowflake: define<string>({
    expected: 'a Discord id: an integer from 1 to 9223372036854775807, or a string of its digits',
    schema: {
      title: 'SnowflakeInput',
      oneOf: [
        { type: 'string', pattern: '^[1-9][0-9]{0,18}$' },
        { type: 'integer', minimum: 1, maximum: Number(MAX_SNOWFLAKE) },
      ],
      description: 'A Discord id (snowflake), as a string of digits or as a JSON integer; exact up to 2^63-1',
      examples: ['175928847299117063'],
    },
    parse: parseSnowflake,
  }),
  /** A text for people; stored as it is. */
  text: define<string>({
    expected: `a text of 1 to ${MAX_TEXT_LENGTH} characters without U+0000 and without lone surrogates`,
    schema: { type: 'string', minLength: 1, maxLength: MAX_TEXT_LENGTH },
    parse: parseText,
  }),
  boolean: define<boolean>({
    expected: 'true or false',
    schema: { type: 'boolean' },
    parse: (value) => (typeof value === 'boolean' ? value : undefined),
  }),
  /** A delay in milliseconds; read as whole microseconds. */
  delay: define<number>({
    expected: `a delay in milliseconds: a number from 0 to ${MAX_DELAY_MS}`,
    schema: {
      type: 'number',
      minimum: 0,
      maximum: MAX_DELAY_MS,
      description: 'A delay in milliseconds; decimals are kept to the microsecond',
      examples: [12.5],
    },
    parse: parseDelay,
  }),
  /** Any UUID; read in lower case. */
  uuid: define<string>({
    expected: 'a UUID',
    schema: { type: 'string', format: 'uuid' },
    parse: (value) => (typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : undefined),
  }),
  /** A moment; read as Unix milliseconds, cut and not rounded. */
  instant: define<number>({
    expected: 'a time: ISO 8601 with an offset (2026-11-24T10:00:00.000Z), or Unix milliseconds',
    schema: {
      title: 'InstantInput',
      oneOf: [
        { type: 'string', format: 'date-time' },
        { type: 'number', minimum: MIN_UNIX_MS },
      ],
      description:
        'ISO 8601 with an offset (extended or basic format, seconds and their fraction may be missing), or Unix milliseconds',
      examples: ['2026-11-24T10:00:00.000Z'],
    },
    parse: parseInstant,
  }),
  /** How many of something. */
  count: define<number>({
    expected: `a count: an integer from 0 to ${MAX_COUNT}`,
    schema: { type: 'integer', minimum: 0, maximum: MAX_COUNT },
    parse: parseCount,
  }),
  /** An object of a Discord id to a count. */
  countsById: define<Record<string, number>>({
    expected: `an object with a count for each Discord id, at most ${MAX_ROLES}`,
    schema: {
      type: 'object',
      maxProperties: MAX_ROLES,
      propertyNames: { pattern: '^[1-9][0-9]{0,18}$' },
      additionalProperties: { type: 'integer', minimum: 0, maximum: MAX_COUNT },
    },
    parse: parseCountsById,
  }),
  /** Discord's outage notice says `true`; publishers must not send it on. */
  notTrue: define<boolean>({
    expected: "false: Discord's outage notice is no deletion and must not be published",
    schema: { enum: [false, null] },
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

/** @returns Unix milliseconds; undefined for a moment that no calendar has (30 February) */
function utcTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  // Date.UTC takes the years 0 to 99 for those of 1900; in 400 years the calendar repeats itself.
  const moved = year < 100 ? 400 : 0;
  if (day > 28 && day > new Date(Date.UTC(year + moved, month, 0)).getUTCDate()) return undefined;
  return Date.UTC(year + moved, month - 1, day, hour, minute, second) - (moved === 0 ? 0 : MS_OF_400_YEARS);
}
