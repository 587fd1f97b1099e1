import type { Type } from '@nestjs/common';
import type { JsonSchema } from '#libs/contracts';
import { API_ERRORS, type ApiErrorName } from '../http/api-error.js';
import { failure } from '../http/envelope.dto.js';
import { ERROR_ANSWERS } from '../http/errors.dto.js';
import { COMPONENT_NAME } from './components.js';

/** A response in the API document, and the DTO classes that it references. */
export interface DocumentedResponse {
  status: number;
  response: Readonly<Record<string, unknown>>;
  models: readonly Type[];
}

const RETRY_AFTER: Readonly<Record<string, JsonSchema>> = {
  'Retry-After': { description: 'When to retry, in seconds', schema: { type: 'integer', minimum: 0 } },
};
const ERRORS_WITH_RETRY_AFTER: readonly ApiErrorName[] = ['TooManyRequestsError', 'ServiceUnavailableError'];

const ERRORS_OF_EVERY_ROUTE = ['BadRequestError'] as const satisfies readonly ApiErrorName[];
/** The errors of every route that needs a credential. */
const ERRORS_OF_ACCESS = [
  'UnauthorizedError',
  'ForbiddenError',
  'TooManyRequestsError',
  'InternalServerError',
  'ServiceUnavailableError',
] as const satisfies readonly ApiErrorName[];

/** BadRequestError with a specific status, for bodies that cannot be read. */
const UNREADABLE_BODIES: readonly DocumentedResponse[] = [
  errorResponse(413, ['BadRequestError'], { name: 'BodyTooLarge', description: 'The body is too large' }),
  errorResponse(415, ['BadRequestError'], { name: 'BodyNotJson', description: 'The body is not JSON' }),
];

/** The error responses of a route: those of every route, and `errors`. */
export function errorResponses(
  errors: readonly ApiErrorName[],
  { isOpen, hasBody }: { isOpen: boolean; hasBody: boolean },
): DocumentedResponse[] {
  const possible = new Set<ApiErrorName>([...ERRORS_OF_EVERY_ROUTE, ...(isOpen ? [] : ERRORS_OF_ACCESS), ...errors]);
  const byStatus = new Map<number, ApiErrorName[]>();
  // In the order of API_ERRORS.
  for (const name of (Object.keys(API_ERRORS) as ApiErrorName[]).filter((each) => possible.has(each))) {
    const { status } = API_ERRORS[name];
    byStatus.set(status, [...(byStatus.get(status) ?? []), name]);
  }
  const responses = [...byStatus].map(([status, names]) => errorResponse(status, names));
  return hasBody ? [...responses, ...UNREADABLE_BODIES] : responses;
}

function errorResponse(
  status: number,
  names: readonly ApiErrorName[],
  { name, description } = { name: names.join('Or'), description: names.join(' or ') },
): DocumentedResponse {
  const { schema, models } = failure(names.map((each) => ERROR_ANSWERS[each]));
  const hasRetryAfter = names.some((each) => ERRORS_WITH_RETRY_AFTER.includes(each));
  const response = {
    description,
    ...(hasRetryAfter && { headers: RETRY_AFTER }),
    content: { 'application/json': { schema } },
    [COMPONENT_NAME]: name,
  };
  return { status, response, models };
}
