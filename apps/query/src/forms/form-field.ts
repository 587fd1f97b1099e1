import { ValidateBy, ValidateIf } from 'class-validator';
import type { JsonSchema } from '#libs/contracts';

/** What a field may hold. The field types of the contracts are formats; forms have a few of their own. */
export interface FieldFormat<T = unknown> {
  /** Ends the sentence "must be …". */
  expected: string;
  schema: JsonSchema;
  /** @returns undefined for a value that is wrong */
  parse(value: unknown): T | undefined;
}

export interface FormFieldOptions {
  /** @defaultValue true */
  required?: boolean;
  /** Whether null is a value of the field. @defaultValue false */
  nullable?: boolean;
  description?: string;
}

export interface FormField extends Required<Omit<FormFieldOptions, 'description'>> {
  name: string;
  format: FieldFormat;
  description?: string;
}

/** A class whose properties are the fields of a request. */
export type FormClass<T extends object = object> = new () => T;

const FIELDS = Symbol('fields of a form');
const REFUSES_UNKNOWN_FIELDS = Symbol('refuses unknown fields');
const IGNORED_FIELDS = Symbol('ignored fields');

/** Declares a property as a field of the request: checked by class-validator, then parsed, and described in OpenAPI. */
export function Field(format: FieldFormat, options: FormFieldOptions = {}): PropertyDecorator {
  return (prototype, property) => {
    const name = String(property);
    const field: FormField = { required: true, nullable: false, ...options, name, format };
    Reflect.defineMetadata(FIELDS, [...fieldsIn(prototype), field], prototype);
    ValidateIf((_, value) => !mayBeLeftOut(field, value))(prototype, name);
    ValidateBy({
      name: 'format',
      validator: {
        validate: (value) => format.parse(value) !== undefined,
        defaultMessage: (args) => (args?.value === undefined ? 'is required' : `must be ${describeFormat(field)}`),
      },
    })(prototype, name);
  };
}

/** Every field that the form does not have is a mistake, but for those that are to be ignored. */
export function RefusesUnknownFields(...ignored: string[]): ClassDecorator {
  return (form) => {
    Reflect.defineMetadata(REFUSES_UNKNOWN_FIELDS, true, form);
    Reflect.defineMetadata(IGNORED_FIELDS, ignored, form);
  };
}

export function fieldsOf(form: FormClass): readonly FormField[] {
  return fieldsIn(form.prototype as object);
}

export function refusesField(form: FormClass, name: string): boolean {
  if (Reflect.getMetadata(REFUSES_UNKNOWN_FIELDS, form) !== true) return false;
  const ignored = Reflect.getMetadata(IGNORED_FIELDS, form) as string[];
  return !ignored.includes(name) && !fieldsOf(form).some((field) => field.name === name);
}

function fieldsIn(prototype: object): FormField[] {
  return (Reflect.getMetadata(FIELDS, prototype) as FormField[] | undefined) ?? [];
}

function mayBeLeftOut(field: FormField, value: unknown): boolean {
  return (value === undefined && !field.required) || (value === null && field.nullable);
}

function describeFormat({ format, nullable }: FormField): string {
  return nullable ? `${format.expected}, or null` : format.expected;
}
