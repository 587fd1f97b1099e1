import { applyDecorators } from '@nestjs/common';
import { Expose, Transform, type TransformFnParams } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import type { FieldFormat } from './formats.js';
import { addField } from './request-dto.js';

export interface FieldOptions {
  /** Whether the request may omit the field. @defaultValue false */
  optional?: boolean;
  /** Whether the value may be null. @defaultValue false */
  nullable?: boolean;
  /** Whether the API document lists the field. @defaultValue true */
  documented?: boolean;
  description?: string;
}

/** The property under which class-transformer gets the unparsed fields of a request. */
export const RAW_FIELDS = Symbol('raw fields');

export interface RawFields {
  [RAW_FIELDS]: Readonly<Record<string, unknown>>;
}

/** Replaces an invalid value until class-validator reports its field. */
const INVALID = Symbol('invalid value');

/**
 * Declares a property of a request DTO. class-transformer parses the value once, class-validator reports the field if
 * that failed, and the API document describes the field.
 */
export function ReadAs(format: FieldFormat, options: FieldOptions = {}): PropertyDecorator {
  const { optional = false, nullable = false, documented = true, description } = options;
  const field = { format, optional, nullable, documented, description };
  const expected = nullable ? `${format.expected}, or null` : format.expected;

  const read = ({ obj, key }: TransformFnParams): unknown => {
    const fields = (obj as RawFields)[RAW_FIELDS];
    const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (value === undefined || (value === null && nullable)) return value;
    return format.parse(value) ?? INVALID;
  };

  return applyDecorators(
    (prototype: object, name: string | symbol) => addField(prototype, { ...field, name: String(name) }),
    Expose(),
    Transform(read),
    ValidateBy({
      name: 'format',
      validator: {
        validate: (value) => value !== INVALID && (value !== undefined || optional),
        defaultMessage: (args) => (args?.value === undefined ? 'is required' : `must be ${expected}`),
      },
    }),
  );
}
