import { FIELD_TYPES, type JsonSchema } from '#libs/contracts';

/** The format of a field's value. The field types of libs/contracts are formats too. */
export interface FieldFormat<T = unknown> {
  /** Completes the sentence "must be …". */
  expected: string;
  schema: JsonSchema;
  /** @returns undefined for an invalid value */
  parse(value: unknown): T | undefined;
}

/** An integer in a JSON body. */
export function wholeNumber(min: number, max: number): FieldFormat<number> {
  return {
    expected: `an integer from ${min} to ${max}`,
    schema: { type: 'integer', minimum: min, maximum: max },
    parse: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined,
  };
}

/** An integer in a query string, where all values are strings. */
export function wholeNumberText(min: number, max: number): FieldFormat<number> {
  const number = wholeNumber(min, max);
  return {
    ...number,
    parse: (value) => (typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? number.parse(+value) : undefined),
  };
}

export const anyText: FieldFormat<string> = {
  expected: 'a string',
  schema: { type: 'string' },
  parse: (value) => (typeof value === 'string' ? value : undefined),
};

/** Discord ids in a query string, separated by commas. */
export function snowflakeList(max: number): FieldFormat<string[]> {
  return {
    expected: `1 to ${max} Discord ids, separated by commas`,
    schema: { type: 'string', pattern: '^[0-9]+(,[0-9]+)*$', examples: ['175928847299117063,80351110224678912'] },
    parse: (value) => {
      if (typeof value !== 'string') return undefined;
      const ids = value.split(',', max + 1).map((id) => FIELD_TYPES.snowflake.parse(id));
      return ids.length <= max && ids.every((id) => id !== undefined) ? ids : undefined;
    },
  };
}

/** One of these words. */
export function oneOf<const Word extends string>(words: readonly Word[]): FieldFormat<Word> {
  return {
    expected: `one of ${words.join(', ')}`,
    schema: { type: 'string', enum: words },
    parse: (value) => words.find((word) => word === value),
  };
}

/** A time in a query string, as ISO 8601; read as Unix milliseconds. */
export const instantText: FieldFormat<number> = {
  expected: 'an ISO 8601 time with an offset, such as 2026-11-24T10:00:00Z',
  schema: { type: 'string', format: 'date-time' },
  parse: (value) => {
    if (typeof value !== 'string') return undefined;
    return FIELD_TYPES.instant.parse(spacesAsPlus(value));
  },
};

/** An unencoded "+" in a query string means a space. Restores it for values that cannot contain a space. */
export function spacesAsPlus(text: string): string {
  return text.replace(' ', '+');
}
