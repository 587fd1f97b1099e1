/** The epoch of snowflakes (2015-01-01T00:00:00Z), in Unix milliseconds. */
export const DISCORD_EPOCH_MS = 1_420_070_400_000;

/** The largest id that `bigint` of Postgres and this API accept: 2^63-1. */
export const MAX_SNOWFLAKE = 9_223_372_036_854_775_807n;

const MAX_SNOWFLAKE_TEXT = MAX_SNOWFLAKE.toString();
const DIGITS = /^[1-9][0-9]{0,18}$/;

/**
 * Parses a Discord id from a JSON integer or a string of digits.
 *
 * @returns its decimal digits, or undefined if it is not an integer from 1 to 2^63-1
 */
export function parseSnowflake(value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (!DIGITS.test(value)) return undefined;
    return value.length === 19 && value > MAX_SNOWFLAKE_TEXT ? undefined : value;
  }
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : undefined;
  if (typeof value === 'bigint') return value > 0n && value <= MAX_SNOWFLAKE ? value.toString() : undefined;
  return undefined;
}

/** When Discord created the id, in Unix milliseconds. */
export function snowflakeTime(id: string): number {
  return Number(BigInt(id) >> 22n) + DISCORD_EPOCH_MS;
}
