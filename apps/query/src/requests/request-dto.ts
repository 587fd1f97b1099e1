import type { Type } from '@nestjs/common';
import type { FieldFormat } from './formats.js';

/** A declared property of a request DTO. */
export interface RequestField {
  name: string;
  format: FieldFormat;
  optional: boolean;
  nullable: boolean;
  /** Whether the API document lists the field. */
  documented: boolean;
  description?: string;
}

const FIELDS = Symbol('fields of a request');
const REFUSES_UNKNOWN_FIELDS = Symbol('refuses unknown fields');
const IGNORED_FIELDS = Symbol('ignored fields');

export function addField(prototype: object, field: RequestField): void {
  const others = fieldsIn(prototype).filter(({ name }) => name !== field.name);
  Reflect.defineMetadata(FIELDS, [...others, field], prototype);
}

/** Makes unknown fields an error, except those in `ignored`. */
export function RefusesUnknownFields(...ignored: string[]): ClassDecorator {
  return (dto) => {
    Reflect.defineMetadata(REFUSES_UNKNOWN_FIELDS, true, dto);
    Reflect.defineMetadata(IGNORED_FIELDS, ignored, dto);
  };
}

/** Whether a class has request fields or {@link RefusesUnknownFields}. */
export function isRequestDto(type: unknown): type is Type<object> {
  if (typeof type !== 'function' || typeof type.prototype !== 'object') return false;
  return fieldsOf(type as Type<object>).length > 0 || Reflect.hasMetadata(REFUSES_UNKNOWN_FIELDS, type);
}

export function fieldsOf(dto: Type<object>): readonly RequestField[] {
  return fieldsIn(dto.prototype as object);
}

/** The names that are unknown fields, if the DTO refuses them. */
export function refusedNames(dto: Type<object>, names: readonly string[]): string[] {
  if (Reflect.getMetadata(REFUSES_UNKNOWN_FIELDS, dto) !== true) return [];
  const known = new Set(Reflect.getMetadata(IGNORED_FIELDS, dto) as string[]);
  for (const { name } of fieldsOf(dto)) known.add(name);
  return names.filter((name) => !known.has(name));
}

function fieldsIn(prototype: object): RequestField[] {
  return (Reflect.getMetadata(FIELDS, prototype) as RequestField[] | undefined) ?? [];
}
