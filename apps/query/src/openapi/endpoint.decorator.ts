import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiBody, ApiExtension, ApiExtraModels, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { JsonSchema } from '#libs/contracts';
import { Access, type RouteDeclaration } from '../access/access.js';
import { schemaOfContent, type AnswerContent } from '../answers/answer-schema.js';
import { fieldsOf, type FormClass, type FormField } from '../forms/form-field.js';
import { formReader } from '../forms/form-reader.js';
import type { ApiErrorName } from '../http/api-error.js';
import { envelope } from '../http/envelope.dto.js';
import { errorResponses, type DocumentedResponse } from './error-responses.js';

export interface EndpointAnswer {
  description: string;
  /** The whole answer. */
  content: AnswerContent;
  /** @defaultValue application/json */
  mediaType?: string;
  /** By further media types that the caller may ask for. */
  otherMediaTypes?: Readonly<Record<string, AnswerContent>>;
}

/** Beside who may call it: `reads` is left out where it reads the form that the documents show. */
export interface EndpointOptions extends RouteDeclaration {
  /** Generated clients name their method by it, such as `enableModule`. */
  operationId: string;
  summary: string;
  description?: string;
  /** The fields of the query string. */
  query?: FormClass;
  /** The fields of the body, or its schema. */
  body?: FormClass | JsonSchema;
  /** The fields of the body or of the query string, as the caller likes. */
  bodyOrQuery?: FormClass;
  /** What `data` holds in an answer with status 200. */
  data?: AnswerContent;
  /** Answers in whole, by status, where `data` does not tell all. */
  answers?: Readonly<Record<number, EndpointAnswer>>;
  /** Beside those that every route may answer. */
  errors?: readonly ApiErrorName[];
}

/** Where the API documents tell who may call a route: `open`, `guild` (the service, and API keys of that guild), `service`. */
export const ACCESS_EXTENSION = 'x-access';

/** Declares a route: who may call it, what it reads, and what the API documents tell of it. */
export function Endpoint(options: EndpointOptions): MethodDecorator {
  const { access, operationId, summary, description, query, body, bodyOrQuery, data, answers = {} } = options;
  const reads = options.reads ?? documentedReader(options);
  const answersByStatus =
    data === undefined ? answers : { 200: { description: 'Done', content: envelope(data) }, ...answers };
  const failures = { isOpen: access === 'open', hasBody: (body ?? bodyOrQuery) !== undefined };
  const responses = [
    ...Object.entries(answersByStatus).map(([status, answer]) => answerResponse(Number(status), answer)),
    ...errorResponses(options.errors ?? [], failures),
  ];
  return applyDecorators(
    Access({ access, reads }),
    HttpCode(200),
    ApiOperation({ operationId, summary, description }),
    ApiExtension(ACCESS_EXTENSION, access),
    ...(query ? queryParameters(query, true) : []),
    ...(bodyOrQuery ? queryParameters(bodyOrQuery, false) : []),
    ...(body ? [ApiBody({ required: true, schema: bodySchema(body) as never })] : []),
    ...(bodyOrQuery ? [ApiBody({ required: false, schema: bodySchema(bodyOrQuery) as never })] : []),
    ...responses.map(({ status, response }) => ApiResponse({ status, ...response } as never)),
    ApiExtraModels(...responses.flatMap(({ models }) => models)),
  );
}

function documentedReader({ query, body, bodyOrQuery }: EndpointOptions): RouteDeclaration['reads'] {
  const form = query ?? bodyOrQuery ?? body;
  return typeof form === 'function' ? formReader(form) : undefined;
}

function answerResponse(
  status: number,
  { description, content, mediaType = 'application/json', otherMediaTypes = {} }: EndpointAnswer,
): DocumentedResponse {
  const contents = Object.entries({ [mediaType]: content, ...otherMediaTypes }).map(
    ([type, ofType]) => [type, schemaOfContent(ofType)] as const,
  );
  const documented = Object.fromEntries(contents.map(([type, { schema }]) => [type, { schema }]));
  return {
    status,
    response: { description, content: documented },
    models: contents.flatMap(([, { models }]) => models),
  };
}

/** JSON Schema of a body with the fields of the form. */
function formSchema(form: FormClass): JsonSchema {
  const fields = fieldsOf(form);
  return {
    title: form.name.replace(/Form$/, 'Request'),
    type: 'object',
    required: fields.filter(({ required }) => required).map(({ name }) => name),
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
  };
}

function bodySchema(body: FormClass | JsonSchema): JsonSchema {
  return typeof body === 'function' ? formSchema(body) : body;
}

function fieldSchema({ format, nullable, description }: FormField): JsonSchema {
  const schema = nullable ? { anyOf: [format.schema, { type: 'null' }] } : { allOf: [format.schema] };
  return description === undefined ? schema : { ...schema, description };
}

function queryParameters(form: FormClass, mayBeRequired: boolean): MethodDecorator[] {
  return fieldsOf(form).map(({ name, required, format, description }) =>
    ApiQuery({ name, required: required && mayBeRequired, description, schema: format.schema as never }),
  );
}
