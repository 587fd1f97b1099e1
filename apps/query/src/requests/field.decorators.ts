import { FIELD_TYPES } from '#libs/contracts';
import { anyText, instantText, oneOf, wholeNumberText } from './formats.js';
import { ReadAs, type FieldOptions } from './read-as.decorator.js';

/** A Discord id, read as a string of digits. */
export const IsSnowflake = (options?: FieldOptions) => ReadAs(FIELD_TYPES.snowflake, options);

/** A text of 1 to 100 characters. */
export const IsLabel = (options?: FieldOptions) => ReadAs(FIELD_TYPES.text, options);

/** Any text. */
export const IsAnyText = (options?: FieldOptions) => ReadAs(anyText, options);

/** A UUID of any version, read in lower case. */
export const IsAnyUuid = (options?: FieldOptions) => ReadAs(FIELD_TYPES.uuid, options);

/** A time in a JSON body, read as Unix milliseconds. */
export const IsInstant = (options?: FieldOptions) => ReadAs(FIELD_TYPES.instant, options);

/** A time in a query string, read as Unix milliseconds. */
export const IsInstantText = (options?: FieldOptions) => ReadAs(instantText, options);

/** An integer in a query string. */
export const IsWholeNumberText = (min: number, max: number, options?: FieldOptions) =>
  ReadAs(wholeNumberText(min, max), options);

export const IsOneOf = (words: readonly string[], options?: FieldOptions) => ReadAs(oneOf(words), options);

/**
 * A field that similar requests have. It is rejected, because ignoring it would return something else than requested.
 */
export const IsOmitted = (reason: string) =>
  ReadAs(
    { expected: `omitted: ${reason}`, schema: { not: {} }, parse: () => undefined },
    { optional: true, documented: false },
  );
