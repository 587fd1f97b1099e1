import { applyDecorators, HttpCode, type Type } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { JsonSchema } from '#libs/contracts';
import { accessOf } from '../access/access.decorator.js';
import { API_ERRORS, type ApiErrorName } from '../http/api-error.js';
import { fieldsOf, type RequestField } from '../requests/request-dto.js';
import { requestParameters, type RequestParameters } from './request-parameters.js';
import { errorSchema, successSchema } from './schemas.js';

interface EndpointAnswer {
  description: string;
  schema: JsonSchema;
  /** @defaultValue application/json */
  mediaType?: string;
  /** Schemas by further media types that the caller may ask for. */
  otherMediaTypes?: Readonly<Record<string, JsonSchema>>;
}

export interface EndpointOptions {
  summary: string;
  description?: string;
  /** JSON Schema of a body that no DTO describes. */
  body?: JsonSchema;
  /** What `data` holds in an answer with status 200. */
  data?: JsonSchema;
  /** Answers in whole, by status, where `data` does not tell all. */
  answers?: Readonly<Record<number, EndpointAnswer>>;
  /** Beside those that every route may answer. */
  errors?: readonly ApiErrorName[];
}

/**
 * Describes a route in the API document. Put it above `@Access`, which tells who may call the route; the parameters of
 * the handler tell what it reads.
 *
 * @throws Error without `@Access` below
 */
export function Endpoint(options: EndpointOptions): MethodDecorator {
  return (target, name, descriptor) => {
    const access = accessOf(descriptor.value as object);
    if (access === undefined) throw new Error(`${String(name)} has no @Access below its @Endpoint`);
    const request = requestParameters(target, name);
    const { summary, description, body, data, answers = {}, errors = [] } = options;
    const takesBody = body !== undefined || request.body !== undefined || request.bodyOrQuery !== undefined;
    const answersByStatus =
      data === undefined ? answers : { 200: { description: 'Done', schema: successSchema(data) }, ...answers };
    const possible = everyError(
      { isOpen: access === 'open', takesFields: takesBody || request.query !== undefined },
      errors,
    );
    applyDecorators(
      HttpCode(200),
      ApiOperation({ summary, description }),
      ...describeRequest(request, body),
      ...Object.entries(answersByStatus).map(([status, answer]) => response(Number(status), answer)),
      ...errorResponses(possible),
      ...(takesBody ? UNREADABLE_BODIES : []),
    )(target, name, descriptor);
  };
}

/** By the fields of the DTOs, so that Swagger describes nothing that they do not read. */
function describeRequest({ query, body, bodyOrQuery }: RequestParameters, schema?: JsonSchema): MethodDecorator[] {
  const required = bodyOrQuery === undefined;
  const dto = body ?? bodyOrQuery;
  const bodySchema = schema ?? (dto && requestSchema(dto));
  return [
    ...(query ? queryParameters(query, true) : []),
    ...(bodyOrQuery ? queryParameters(bodyOrQuery, false) : []),
    ...(bodySchema ? [ApiBody({ required, schema: bodySchema as never })] : []),
  ];
}

/** JSON Schema of a body with the fields of the DTO. */
function requestSchema(dto: Type<object>): JsonSchema {
  const fields = documentedFields(dto);
  return {
    type: 'object',
    required: fields.filter(({ optional }) => !optional).map(({ name }) => name),
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
  };
}

function fieldSchema({ format, nullable, description }: RequestField): JsonSchema {
  const schema = nullable ? { anyOf: [format.schema, { type: 'null' }] } : format.schema;
  return description === undefined ? schema : { ...schema, description };
}

function documentedFields(dto: Type<object>): RequestField[] {
  return fieldsOf(dto).filter(({ documented }) => documented);
}

/** A body that is refused before it is read answers BadRequestError with a status that says why. */
const UNREADABLE_BODIES = [
  response(413, { description: 'BadRequestError: the body is too large', schema: errorSchema(['BadRequestError']) }),
  response(415, { description: 'BadRequestError: the body is not JSON', schema: errorSchema(['BadRequestError']) }),
];

function queryParameters(dto: Type<object>, mayBeRequired: boolean): MethodDecorator[] {
  return documentedFields(dto).map(({ name, optional, format, description }) =>
    ApiQuery({ name, required: !optional && mayBeRequired, description, schema: format.schema as never }),
  );
}

/** What a request may meet that needs a credential. */
const ERRORS_OF_ACCESS = [
  'UnauthorizedError',
  'ForbiddenError',
  'TooManyRequestsError',
  'InternalServerError',
  'ServiceUnavailableError',
] as const satisfies readonly ApiErrorName[];

/** What any request may meet, and what this route adds. In the order of the table of errors. */
function everyError(
  { isOpen, takesFields }: { isOpen: boolean; takesFields: boolean },
  errors: readonly ApiErrorName[],
): ApiErrorName[] {
  const possible = new Set<ApiErrorName>(errors);
  if (takesFields) possible.add('BadRequestError');
  if (!isOpen) {
    for (const name of ERRORS_OF_ACCESS) possible.add(name);
  }
  return (Object.keys(API_ERRORS) as ApiErrorName[]).filter((name) => possible.has(name));
}

function errorResponses(names: readonly ApiErrorName[]): MethodDecorator[] {
  const statuses = new Set(names.map((name) => API_ERRORS[name].status));
  return [...statuses].map((status) => {
    const sameStatus = names.filter((name) => API_ERRORS[name].status === status);
    return response(status, { description: sameStatus.join(' or '), schema: errorSchema(sameStatus) });
  });
}

function response(
  status: number,
  { description, schema, mediaType = 'application/json', otherMediaTypes = {} }: EndpointAnswer,
): MethodDecorator {
  const schemas = Object.entries({ [mediaType]: schema, ...otherMediaTypes });
  const content = Object.fromEntries(schemas.map(([type, ofType]) => [type, { schema: ofType as never }]));
  return ApiResponse({ status, description, content });
}
