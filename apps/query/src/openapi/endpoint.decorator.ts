import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiExtension, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { JsonSchema } from '#libs/contracts';
import { fieldsOf, type FormClass, type FormField } from '../forms/form-field.js';
import { Access, type RouteDeclaration } from '../access/access.js';
import { formReader } from '../forms/form-reader.js';
import { API_ERRORS, type ApiErrorName } from '../http/api-error.js';
import { errorSchema, successSchema } from './schemas.js';

interface EndpointAnswer {
  description: string;
  schema: JsonSchema;
  /** @defaultValue application/json */
  mediaType?: string;
  /** Schemas by further media types that the caller may ask for. */
  otherMediaTypes?: Readonly<Record<string, JsonSchema>>;
}

/** Beside who may call it: `reads` is left out where it reads the form that the documents show. */
export interface EndpointOptions extends RouteDeclaration {
  summary: string;
  description?: string;
  /** The fields of the query string. */
  query?: FormClass;
  /** The fields of the body, or its schema. */
  body?: FormClass | JsonSchema;
  /** The fields of the body or of the query string, as the caller likes. */
  bodyOrQuery?: FormClass;
  /** What `data` holds in an answer with status 200. */
  data?: JsonSchema;
  /** Answers in whole, by status, where `data` does not tell all. */
  answers?: Readonly<Record<number, EndpointAnswer>>;
  /** Beside those that every route may answer. */
  errors?: readonly ApiErrorName[];
}

/** Where the API documents tell who may call a route: `open`, `guild` (the service, and API keys of that guild), `service`. */
const ACCESS_EXTENSION = 'x-access';

/** Declares a route: who may call it, what it reads, and what the API documents tell of it. */
export function Endpoint(options: EndpointOptions): MethodDecorator {
  const { access, summary, description, query, body, bodyOrQuery, data, answers = {}, errors = [] } = options;
  const reads = options.reads ?? documentedReader(options);
  const answersByStatus =
    data === undefined ? answers : { 200: { description: 'Done', schema: successSchema(data) }, ...answers };
  return applyDecorators(
    Access({ access, reads }),
    HttpCode(200),
    ApiOperation({ summary, description }),
    ApiExtension(ACCESS_EXTENSION, access),
    ...(access === 'open' ? [] : [ApiBearerAuth()]),
    ...(query ? queryParameters(query, true) : []),
    ...(bodyOrQuery ? queryParameters(bodyOrQuery, false) : []),
    ...(body ? [ApiBody({ required: true, schema: bodySchema(body) as never })] : []),
    ...(bodyOrQuery ? [ApiBody({ required: false, schema: bodySchema(bodyOrQuery) as never })] : []),
    ...Object.entries(answersByStatus).map(([status, answer]) => response(Number(status), answer)),
    ...errorResponses(everyError(options, errors)),
    ...((body ?? bodyOrQuery) ? UNREADABLE_BODIES : []),
  );
}

function documentedReader({ query, body, bodyOrQuery }: EndpointOptions): RouteDeclaration['reads'] {
  const form = query ?? bodyOrQuery ?? body;
  return typeof form === 'function' ? formReader(form) : undefined;
}

/** A body that is refused before it is read answers BadRequestError with a status that says why. */
const UNREADABLE_BODIES = [
  response(413, { description: 'BadRequestError: the body is too large', schema: errorSchema(['BadRequestError']) }),
  response(415, { description: 'BadRequestError: the body is not JSON', schema: errorSchema(['BadRequestError']) }),
];

/** JSON Schema of a body with the fields of the form. */
export function formSchema(form: FormClass): JsonSchema {
  const fields = fieldsOf(form);
  return {
    type: 'object',
    required: fields.filter(({ required }) => required).map(({ name }) => name),
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
  };
}

function bodySchema(body: FormClass | JsonSchema): JsonSchema {
  return typeof body === 'function' ? formSchema(body) : body;
}

function fieldSchema({ format, nullable, description }: FormField): JsonSchema {
  const schema = nullable ? { anyOf: [format.schema, { type: 'null' }] } : format.schema;
  return description === undefined ? schema : { ...schema, description };
}

function queryParameters(form: FormClass, mayBeRequired: boolean): MethodDecorator[] {
  return fieldsOf(form).map(({ name, required, format, description }) =>
    ApiQuery({ name, required: required && mayBeRequired, description, schema: format.schema as never }),
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
function everyError(options: EndpointOptions, errors: readonly ApiErrorName[]): ApiErrorName[] {
  const takesFields = options.query ?? options.body ?? options.bodyOrQuery;
  const possible = new Set<ApiErrorName>(errors);
  if (takesFields) possible.add('BadRequestError');
  if (options.access !== 'open') {
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
