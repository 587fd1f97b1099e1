import { FIELD_TYPES, mustBe, type FieldError, type FieldType, type JsonSchema } from './field-types.js';
import type { JsonValue } from './lossless-json.js';

export interface FieldSpec {
  type: FieldType;
  /** A required field must be there; an optional one may be missing or null. */
  required: boolean;
}

export type FieldSpecs = Readonly<Record<string, FieldSpec>>;

export type Read<T> = { ok: true; value: T } | { ok: false; fields: FieldError[] };

/** The type that a field has once it was read. */
export type ParsedField<T extends FieldType> = NonNullable<ReturnType<(typeof FIELD_TYPES)[T]['parse']>>;

/** Reads the named fields of a body, all mistakes at once. Unknown fields are ignored, absent optional ones left out. */
export function readFields(specs: FieldSpecs, body: JsonValue | undefined): Read<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { ok: false, fields: [{ field: 'body', message: 'must be a JSON object' }] };
  }
  const source = body as Record<string, unknown>;
  const values: Record<string, unknown> = {};
  let wrong: FieldError[] | undefined;
  for (const field in specs) {
    const { type, required } = specs[field]!;
    const raw = Object.hasOwn(source, field) ? source[field] : undefined;
    if (raw === undefined || (raw === null && !required)) {
      if (required) (wrong ??= []).push({ field, message: 'is required' });
      continue;
    }
    const value = FIELD_TYPES[type].parse(raw);
    if (value === undefined) (wrong ??= []).push(mustBe(field, type));
    else values[field] = value;
  }
  return wrong === undefined ? { ok: true, value: values } : { ok: false, fields: wrong };
}

/** JSON Schema of a body with these fields. */
export function schemaOf(specs: FieldSpecs): JsonSchema {
  return {
    type: 'object',
    required: Object.keys(specs).filter((field) => specs[field]!.required),
    properties: Object.fromEntries(Object.entries(specs).map(([field, { type }]) => [field, FIELD_TYPES[type].schema])),
  };
}
