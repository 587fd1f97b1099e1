import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { FieldError } from '#libs/contracts';
import { BadRequestError } from '../http/api-error.js';
import type { QueryString } from '../http/query-string.js';
import { RAW_FIELDS, type RawFields } from './read-as.decorator.js';
import { bodyFields, queryFields, type Fields } from './request-fields.js';
import { isRequestDto, refusedNames } from './request-dto.js';

/** Unknown field names are truncated to this length. */
const LONGEST_SHOWN_NAME = 100;

/**
 * Parses and validates the request DTO of a handler's parameter, and reports every invalid field. Other parameters are
 * returned unchanged. It replaces Nest's ValidationPipe, which a hostile body can make slow: see docs/architecture.md.
 */
export class RequestPipe implements PipeTransform {
  /** @throws BadRequestError */
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (!isRequestDto(metatype)) return value;
    return readRequest(metatype, fieldsOf(type, value));
  }
}

function fieldsOf(type: ArgumentMetadata['type'], value: unknown): Fields {
  if (type === 'query') return queryFields(value as QueryString);
  return type === 'body' ? bodyFields(value) : (value as Fields);
}

/**
 * Reads a DTO from the fields of a request. Missing optional fields are missing in the result too.
 *
 * Only declared fields are read, and their values are never used to create instances: a value can be any JSON.
 *
 * @throws BadRequestError that names every invalid field
 */
export function readRequest<T extends object>(dto: Type<T>, fields: Fields): T {
  // The decorators read the values from RAW_FIELDS. class-transformer would copy values that are passed directly.
  const rawFields: RawFields = { [RAW_FIELDS]: fields };
  const request = plainToInstance(dto, rawFields, { excludeExtraneousValues: true, exposeUnsetFields: false });
  const mistakes: FieldError[] = validateSync(request, { forbidUnknownValues: false }).map(
    ({ property, constraints }) => ({ field: property, message: Object.values(constraints ?? {})[0] ?? 'is invalid' }),
  );
  for (const name of refusedNames(dto, Object.keys(fields))) {
    mistakes.push({ field: name.slice(0, LONGEST_SHOWN_NAME), message: 'is not a field of this request' });
  }
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
  return request;
}
