import { FIELD_TYPES } from '#libs/contracts';
import { anyText, instantText, oneOf, wholeNumberText } from './formats.js';
import { ReadAs, type FieldOptions } from './read-as.decorator.js';

/** A Discord id, read as its decimal digits. */
export const IsSnowflake = (options?: FieldOptions) => ReadAs(FIELD_TYPES.snowflake, options);

/** A text for people. */
export const IsLabel = (options?: FieldOptions) => ReadAs(FIELD_TYPES.text, options);

/** Any text; its reader finds out what it means. */
export const IsAnyText = (options?: FieldOptions) => ReadAs(anyText, options);

/** Any UUID, read in lower case. */
export const IsAnyUuid = (options?: FieldOptions) => ReadAs(FIELD_TYPES.uuid, options);

export const IsTrueOrFalse = (options?: FieldOptions) => ReadAs(FIELD_TYPES.boolean, options);

/** A moment in a JSON body, read as Unix milliseconds. */
export const IsInstant = (options?: FieldOptions) => ReadAs(FIELD_TYPES.instant, options);

/** A moment in a query string, read as Unix milliseconds. */
export const IsInstantText = (options?: FieldOptions) => ReadAs(instantText, options);

/** An integer in a query string. */
export const IsWholeNumberText = (min: number, max: number, options?: FieldOptions) =>
  ReadAs(wholeNumberText(min, max), options);

export const IsOneOf = (words: readonly string[], options?: FieldOptions) => ReadAs(oneOf(words), options);

/** A field that similar requests have. It is refused and not ignored: the answer would not be what was asked for. */
export const IsLeftOut = (reason: string) =>
  ReadAs(
    { expected: `left out: ${reason}`, schema: { not: {} }, parse: () => undefined },
    { optional: true, documented: false },
  );
