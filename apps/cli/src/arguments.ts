import { InvalidArgumentError } from 'commander';
import { FIELD_TYPES, type FieldType } from '#libs/contracts';

/** Reads an argument as a field of the API is read. The reader throws InvalidArgumentError, which names the argument. */
export function fieldArgument(type: Extract<FieldType, 'snowflake' | 'text' | 'uuid'>): (value: string) => string {
  const { expected, parse } = FIELD_TYPES[type];
  return (value) => {
    const read = parse(value);
    if (read === undefined) throw new InvalidArgumentError(`It must be ${expected}.`);
    return read;
  };
}
