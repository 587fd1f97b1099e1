import { FIELD_TYPES, mustBe, type FieldError, type FieldType, type JsonSchema } from './field-types.js';
import { IntegralDecimal, type JsonValue } from '#libs/json';

export interface FieldSpec {
  type: FieldType;
  /** An optional field may be missing or null. */
  required: boolean;
  /** The meaning of the field, for documents. */
  description?: string;
  /** The only values of a text. @defaultValue any */
  words?: readonly string[];
}

export type FieldSpecs = Readonly<Record<string, FieldSpec>>;

export type Read<T> = { ok: true; value: T } | { ok: false; fields: FieldError[] };

/** The type of a field's parsed value. */
export type ParsedField<T extends FieldType> = NonNullable<ReturnType<(typeof FIELD_TYPES)[T]['parse']>>;

/** A field with its parser. */
export interface NamedField extends FieldSpec {
  name: string;
  parse: (value: unknown) => unknown;
}

export function listFields(specs: FieldSpecs): NamedField[] {
  return Object.entries(specs).map(([name, spec]) => ({ name, ...spec, parse: parserOf(spec) }));
}

function parserOf({ type, words }: FieldSpec): (value: unknown) => unknown {
  // Returns the word of the catalogue, because the text of an event may be a view of the whole message.
  return words === undefined ? FIELD_TYPES[type].parse : (value) => words.find((word) => word === value);
}

/**
 * Reads the fields of a body and collects all mistakes. Unknown fields are ignored.
 *
 * @returns the values in the order of the fields, with null for missing optional fields, and an additional null at the
 *   end, to which {@link CompiledKind} maps columns without a field
 */
export function readValues(fields: readonly NamedField[], body: JsonValue | undefined): Read<unknown[]> {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || body instanceof IntegralDecimal) {
    return { ok: false, fields: [{ field: 'body', message: 'must be a JSON object' }] };
  }
  const source = body as Record<string, unknown>;
  const values: unknown[] = [];
  let wrong: FieldError[] | undefined;
  for (const field of fields) {
    const { name, required } = field;
    const raw = Object.hasOwn(source, name) ? source[name] : undefined;
    if (raw === undefined || (raw === null && !required)) {
      if (required) (wrong ??= []).push({ field: name, message: 'is required' });
      values.push(null);
      continue;
    }
    const value = field.parse(raw);
    if (value === undefined) (wrong ??= []).push(mistakeIn(field));
    values.push(value);
  }
  values.push(null);
  return wrong === undefined ? { ok: true, value: values } : { ok: false, fields: wrong };
}

function mistakeIn({ name, type, words }: NamedField): FieldError {
  return words === undefined ? mustBe(name, type) : { field: name, message: `must be one of ${words.join(', ')}` };
}

/** Reads the fields of a body as an object. Unknown fields are ignored, and missing optional fields are left out. */
export function readFields(specs: FieldSpecs, body: JsonValue | undefined): Read<Record<string, unknown>> {
  const fields = listFields(specs);
  const read = readValues(fields, body);
  if (!read.ok) return read;
  const present = fields.map(({ name }, index) => [name, read.value[index]]).filter(([, value]) => value !== null);
  return { ok: true, value: Object.fromEntries(present) as Record<string, unknown> };
}

/** Creates the JSON Schema of a body with these fields. @param title the name of the schema */
export function schemaOf(title: string, specs: FieldSpecs, description: string): JsonSchema {
  return {
    title,
    description,
    type: 'object',
    required: Object.keys(specs).filter((field) => specs[field]!.required),
    properties: Object.fromEntries(Object.entries(specs).map(([field, spec]) => [field, fieldSchema(spec)])),
  };
}

function fieldSchema({ type, required, description, words }: FieldSpec): JsonSchema {
  const schema = words === undefined ? FIELD_TYPES[type].schema : { type: 'string', enum: words, examples: [words[0]] };
  const own = required ? { allOf: [schema] } : { anyOf: [schema, { type: 'null' }] };
  return description === undefined ? own : { ...own, description };
}
