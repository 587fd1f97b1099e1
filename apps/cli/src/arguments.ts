import { InvalidArgumentError } from 'commander';
import { FIELD_TYPES, type FieldType } from '#libs/contracts';

type ValueOf<T extends FieldType> = NonNullable<ReturnType<(typeof FIELD_TYPES)[T]['parse']>>;

/** Returns a parser for an argument with a field type of the API. It throws InvalidArgumentError. */
export function fieldArgument<T extends 'instant' | 'snowflake' | 'text' | 'uuid'>(
  type: T,
): (value: string) => ValueOf<T> {
  const { expected } = FIELD_TYPES[type];
  const parse = FIELD_TYPES[type].parse as (value: unknown) => ValueOf<T> | undefined;
  return (value) => {
    const read = parse(value);
    if (read === undefined) throw new InvalidArgumentError(`It must be ${expected}.`);
    return read;
  };
}
