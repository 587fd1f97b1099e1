import type { Type } from '@nestjs/common';
import type { FieldFormat } from './formats.js';

/** A property of a request DTO, as its decorator declared it. */
export interface RequestField {
  name: string;
  format: FieldFormat;
  optional: boolean;
  nullable: boolean;
  /** Whether the API documents list it. */
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

/** Every field that the DTO does not have is a mistake, but for those that are to be ignored. */
export function RefusesUnknownFields(...ignored: string[]): ClassDecorator {
  return (dto) => {
    Reflect.defineMetadata(REFUSES_UNKNOWN_FIELDS, true, dto);
    Reflect.defineMetadata(IGNORED_FIELDS, ignored, dto);
  };
}

/** Whether a class declares fields of a request, or at least that there are none. */
export function isRequestDto(type: unknown): type is Type<object> {
  if (typeof type !== 'function' || typeof type.prototype !== 'object') return false;
  return fieldsOf(type as Type<object>).length > 0 || Reflect.hasMetadata(REFUSES_UNKNOWN_FIELDS, type);
}

export function fieldsOf(dto: Type<object>): readonly RequestField[] {
  return fieldsIn(dto.prototype as object);
}

/** Those of the names that are no fields of the DTO, where it refuses them. */
export function refusedNames(dto: Type<object>, names: readonly string[]): string[] {
  if (Reflect.getMetadata(REFUSES_UNKNOWN_FIELDS, dto) !== true) return [];
  const known = new Set(Reflect.getMetadata(IGNORED_FIELDS, dto) as string[]);
  for (const { name } of fieldsOf(dto)) known.add(name);
  return names.filter((name) => !known.has(name));
}

function fieldsIn(prototype: object): RequestField[] {
  return (Reflect.getMetadata(FIELDS, prototype) as RequestField[] | undefined) ?? [];
}
