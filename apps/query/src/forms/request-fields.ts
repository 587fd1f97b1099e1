import type { FastifyRequest } from 'fastify';
import { IntegralDecimal, type JsonObject, type JsonValue } from '#libs/json';
import { BadRequestError } from '../http/api-error.js';
import type { QueryString } from '../http/query-string.js';

type Fields = Record<string, unknown>;

/** The fields of a request: of a GET from the query string, of a DELETE from body or query string, else the body. */
export function requestFields(request: FastifyRequest): Fields {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return queryFields(request);
    case 'DELETE':
      return together(bodyFields(request), queryFields(request));
    default:
      return bodyFields(request);
  }
}

function queryFields(request: FastifyRequest): Fields {
  const { values, mistakes } = request.query as QueryString;
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
  return values;
}

/** The members of the body; a missing body is `{}`. @throws BadRequestError for a body that is no object */
export function bodyFields(request: FastifyRequest): JsonObject {
  const body = request.body === undefined ? {} : (request.body as JsonValue);
  if (typeof body !== 'object' || body === null || Array.isArray(body) || body instanceof IntegralDecimal) {
    throw new BadRequestError([{ field: 'body', message: 'must be a JSON object' }]);
  }
  return body;
}

function together(body: Fields, query: Fields): Fields {
  const twice = Object.keys(query).filter((name) => Object.hasOwn(body, name));
  if (twice.length > 0) {
    throw new BadRequestError(twice.map((field) => ({ field, message: 'stands in the body and in the query string' })));
  }
  return { ...body, ...query };
}
