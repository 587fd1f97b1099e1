import type { JsonSchema } from '#libs/contracts';
import { API_ERRORS, type ApiErrorName } from '../http/api-error.js';

/** Ids are always answered as strings. */
export const ID_SCHEMA: JsonSchema = { type: 'string', pattern: '^[1-9][0-9]{0,18}$', description: 'A Discord id' };
export const TIME_SCHEMA: JsonSchema = {
  type: 'string',
  format: 'date-time',
  description: 'ISO 8601 in UTC with milliseconds',
};

export function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

/** An object of which every property is always there. */
export function objectOf(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', required: Object.keys(properties), properties };
}

export function successSchema(data: JsonSchema): JsonSchema {
  return objectOf({ success: { const: true }, data, error: objectOf({}) });
}

/** A list that may go on. */
export function pageSchema(items: JsonSchema): JsonSchema {
  const cursor = { type: ['string', 'null'], description: '`cursor` of the next page; null after the last' };
  return objectOf({
    success: { const: true },
    data: { type: 'array', items },
    page: objectOf({ next_cursor: cursor }),
    error: objectOf({}),
  });
}

/** The answer with one of these errors. */
export function errorSchema(names: readonly ApiErrorName[]): JsonSchema {
  return {
    allOf: [
      { $ref: '#/components/schemas/ErrorEnvelope' },
      {
        properties: {
          error: {
            properties: { name: { enum: names }, code: { enum: names.map((name) => API_ERRORS[name].code) } },
          },
        },
      },
    ],
  };
}

/** `components.schemas` of the document. */
export const COMPONENT_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  ErrorEnvelope: objectOf({
    success: { const: false },
    data: objectOf({}),
    error: {
      type: 'object',
      required: ['code', 'name', 'message'],
      properties: {
        code: { type: 'integer' },
        name: { type: 'string' },
        message: { type: 'string', description: 'For people' },
        fields: {
          type: 'array',
          description: 'Every wrong field of the request (BadRequestError)',
          items: objectOf({ field: { type: 'string' }, message: { type: 'string' } }),
        },
        event: {
          ...objectOf({ event_id: { type: 'string', format: 'uuid' }, occurred_at: TIME_SCHEMA }),
          description: 'With these two in the body, the same event can be sent again (ServiceUnavailableError)',
        },
      },
    },
  }),
};
