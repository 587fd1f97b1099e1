import type { Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { isRequestDto } from '../requests/request-dto.js';
import { isBodyOrQuery } from '../requests/parameters.decorator.js';

/** The request DTOs of a handler, by the part of the request that has their fields. */
export interface RequestParameters {
  query?: Type<object>;
  body?: Type<object>;
  bodyOrQuery?: Type<object>;
}

/** Finds the request DTOs of a handler. Decorators of parameters have already been applied when a method's are. */
export function requestParameters(controller: object, handler: string | symbol): RequestParameters {
  const types = (Reflect.getMetadata('design:paramtypes', controller, handler) as unknown[] | undefined) ?? [];
  const places = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller.constructor, handler) ?? {}) as Record<
    string,
    { index: number; factory?: unknown }
  >;
  const found: RequestParameters = {};
  for (const [place, { index, factory }] of Object.entries(places)) {
    const type = types[index];
    if (!isRequestDto(type)) continue;
    if (place.startsWith(`${RouteParamtypes.QUERY}:`)) found.query = type;
    else if (place.startsWith(`${RouteParamtypes.BODY}:`)) found.body = type;
    else if (isBodyOrQuery(factory)) found.bodyOrQuery = type;
  }
  return found;
}
