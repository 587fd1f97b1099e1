import { applyDecorators } from '@nestjs/common';
import { Expose, Transform, type TransformFnParams } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import type { FieldFormat } from './formats.js';
import { addField } from './request-dto.js';

export interface FieldOptions {
  /** Whether the request may leave it out. @defaultValue false */
  optional?: boolean;
  /** Whether null is a value of the field. @defaultValue false */
  nullable?: boolean;
  /** Whether the API documents list it. @defaultValue true */
  documented?: boolean;
  description?: string;
}

/** Where class-transformer is given the fields of a request, as they came. */
export const AS_THEY_CAME = Symbol('fields as they came');

export interface FieldsAsTheyCame {
  [AS_THEY_CAME]: Readonly<Record<string, unknown>>;
}

/** Takes the place of a value that is wrong, until class-validator names its field. */
const WRONG = Symbol('wrong value');

/**
 * Declares a property of a request DTO. class-transformer parses its value, once; class-validator names the field when
 * that failed; the API documents describe it.
 */
export function ReadAs(format: FieldFormat, options: FieldOptions = {}): PropertyDecorator {
  const { optional = false, nullable = false, documented = true, description } = options;
  const field = { format, optional, nullable, documented, description };
  const expected = nullable ? `${format.expected}, or null` : format.expected;

  const read = ({ obj, key }: TransformFnParams): unknown => {
    const fields = (obj as FieldsAsTheyCame)[AS_THEY_CAME];
    const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (value === undefined || (value === null && nullable)) return value;
    return format.parse(value) ?? WRONG;
  };

  return applyDecorators(
    (prototype: object, name: string | symbol) => addField(prototype, { ...field, name: String(name) }),
    Expose(),
    Transform(read),
    ValidateBy({
      name: 'format',
      validator: {
        validate: (value) => value !== WRONG && (value !== undefined || optional),
        defaultMessage: (args) => (args?.value === undefined ? 'is required' : `must be ${expected}`),
      },
    }),
  );
}
