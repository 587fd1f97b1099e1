import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { FieldError } from '#libs/contracts';
import { BadRequestError } from '../http/api-error.js';
import type { QueryString } from '../http/query-string.js';
import { AS_THEY_CAME, type FieldsAsTheyCame } from './read-as.decorator.js';
import { bodyFields, queryFields, type Fields } from './request-fields.js';
import { isRequestDto, refusedNames } from './request-dto.js';

/** How much of a name that the caller made up is answered. */
const LONGEST_SHOWN_NAME = 100;

/**
 * Reads the DTO of a handler's parameter: once, naming every wrong field. Other parameters pass as they are.
 *
 * It does what Nest's ValidationPipe does, which a hostile body makes slow: see docs/architecture.md.
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
 * Reads a DTO from the fields of a request. Fields that were left out are left out of the result too.
 *
 * Nothing but the DTO's own fields is looked at, and nothing is instantiated from what came: a value may be anything
 * that JSON allows.
 *
 * @throws BadRequestError naming every wrong field
 */
export function readRequest<T extends object>(dto: Type<T>, fields: Fields): T {
  // The decorators find the values there. Given them, class-transformer would copy each one first, however large it is.
  const asTheyCame: FieldsAsTheyCame = { [AS_THEY_CAME]: fields };
  const request = plainToInstance(dto, asTheyCame, { excludeExtraneousValues: true, exposeUnsetFields: false });
  const mistakes: FieldError[] = validateSync(request, { forbidUnknownValues: false }).map(
    ({ property, constraints }) => ({ field: property, message: Object.values(constraints ?? {})[0] ?? 'is wrong' }),
  );
  for (const name of refusedNames(dto, Object.keys(fields))) {
    mistakes.push({ field: name.slice(0, LONGEST_SHOWN_NAME), message: 'is not a field of this request' });
  }
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
  return request;
}
