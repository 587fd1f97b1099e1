import { InvalidArgumentError } from 'commander';
import { FIELD_TYPES, type FieldType } from '#libs/contracts';

type ValueOf<T extends FieldType> = NonNullable<ReturnType<(typeof FIELD_TYPES)[T]['parse']>>;

/** Reads an argument as a field of the API is read. The reader throws InvalidArgumentError, which names the argument. */
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
