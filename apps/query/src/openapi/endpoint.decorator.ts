import { applyDecorators, HttpCode, type Type } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { JsonSchema } from '#libs/contracts';
import { accessOf } from '../access/access.decorator.js';
import { schemaOfContent, type AnswerContent } from '../answers/answer-schema.js';
import type { ApiErrorName } from '../http/api-error.js';
import { envelope } from '../http/envelope.dto.js';
import { fieldsOf, type RequestField } from '../requests/request-dto.js';
import { errorResponses, type DocumentedResponse } from './error-responses.js';
import { requestParameters, type RequestParameters } from './request-parameters.js';

export interface EndpointAnswer {
  description: string;
  /** The whole response body. @defaultValue no body */
  content?: AnswerContent;
  /** @defaultValue application/json */
  mediaType?: string;
  /** The content in other media types that the caller can request. */
  otherMediaTypes?: Readonly<Record<string, AnswerContent>>;
}

export interface EndpointOptions {
  /** The method name in generated clients, such as `enableModule`. */
  operationId: string;
  summary: string;
  description?: string;
  /** JSON Schema of the body, if it is not a DTO. */
  body?: JsonSchema;
  /** The content of `data` in the response with status 200. */
  data?: AnswerContent;
  /** Further responses, by status. */
  answers?: Readonly<Record<number, EndpointAnswer>>;
  /** Errors in addition to those of every route. */
  errors?: readonly ApiErrorName[];
}

/**
 * Describes a route in the API document. The description of the request comes from the parameters of the handler.
 *
 * @throws Error if there is no `@Access` below it
 */
export function Endpoint(options: EndpointOptions): MethodDecorator {
  return (target, name, descriptor) => {
    const access = accessOf(descriptor.value as object);
    if (access === undefined) throw new Error(`${String(name)} has no @Access below its @Endpoint`);
    const request = requestParameters(target, name);
    const { operationId, summary, description, body, data, answers = {}, errors = [] } = options;
    const hasBody = body !== undefined || request.body !== undefined || request.bodyOrQuery !== undefined;
    const answersByStatus =
      data === undefined ? answers : { 200: { description: 'Done', content: envelope(data) }, ...answers };
    const responses = [
      ...Object.entries(answersByStatus).map(([status, answer]) => answerResponse(Number(status), answer)),
      ...errorResponses(errors, { isOpen: access === 'open', hasBody }),
    ];
    applyDecorators(
      HttpCode(200),
      ApiOperation({ operationId, summary, description }),
      ...describeRequest(request, body),
      ...responses.map(({ status, response }) => ApiResponse({ status, ...response } as never)),
      ApiExtraModels(...responses.flatMap(({ models }) => models)),
    )(target, name, descriptor);
  };
}

function answerResponse(
  status: number,
  { description, content, mediaType = 'application/json', otherMediaTypes = {} }: EndpointAnswer,
): DocumentedResponse {
  if (content === undefined) return { status, response: { description }, models: [] };
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

/** Describes exactly the fields of the request DTOs. */
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
    title: dto.name,
    type: 'object',
    required: fields.filter(({ optional }) => !optional).map(({ name }) => name),
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
  };
}

function fieldSchema({ format, nullable, description }: RequestField): JsonSchema {
  const schema = nullable ? { anyOf: [format.schema, { type: 'null' }] } : { allOf: [format.schema] };
  return description === undefined ? schema : { ...schema, description };
}

function queryParameters(dto: Type<object>, mayBeRequired: boolean): MethodDecorator[] {
  return documentedFields(dto).map(({ name, optional, format, description }) =>
    ApiQuery({ name, required: !optional && mayBeRequired, description, schema: format.schema as never }),
  );
}

function documentedFields(dto: Type<object>): RequestField[] {
  return fieldsOf(dto).filter(({ documented }) => documented);
}
