import type { FastifyRequest } from 'fastify';
import { IntegralDecimal, type JsonObject, type JsonValue } from '#libs/json';
import { BadRequestError } from '../http/api-error.js';
import { WHOLE_QUERY_STRING, type QueryString } from '../http/query-string.js';

/** The unparsed fields of a request. */
export type Fields = Readonly<Record<string, unknown>>;

/** Selects the fields to read. Mistakes in other fields are ignored. */
type FieldFilter = (name: string) => boolean;

const every: FieldFilter = () => true;

/**
 * The fields of a request. GET has them in the query string, DELETE in the body or the query string, other methods in
 * the body.
 *
 * @param reads @defaultValue all fields
 * @throws BadRequestError if a field occurs twice or cannot be decoded
 */
export function requestFields(request: FastifyRequest, reads: FieldFilter = every): Fields {
  const query = request.query as QueryString;
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return queryFields(query, reads);
    case 'DELETE':
      return together(bodyFields(request.body), queryFields(query, reads), reads);
    default:
      return bodyFields(request.body);
  }
}

/** The fields of a query string. @throws BadRequestError */
export function queryFields({ values, mistakes }: QueryString, reads: FieldFilter = every): Fields {
  const own = mistakes.filter(({ field }) => field === WHOLE_QUERY_STRING || reads(field));
  if (own.length > 0) throw new BadRequestError(own);
  return values;
}

/** The properties of a body. A missing body is `{}`. @throws BadRequestError if the body is not an object */
export function bodyFields(body: unknown): JsonObject {
  const value = body === undefined ? {} : (body as JsonValue);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof IntegralDecimal) {
    throw new BadRequestError([{ field: 'body', message: 'must be a JSON object' }]);
  }
  return value;
}

function together(body: Fields, query: Fields, reads: FieldFilter): Fields {
  const twice = Object.keys(query).filter((name) => Object.hasOwn(body, name) && reads(name));
  if (twice.length > 0) {
    throw new BadRequestError(
      twice.map((field) => ({ field, message: 'must not be in both the body and the query string' })),
    );
  }
  return { ...body, ...query };
}
