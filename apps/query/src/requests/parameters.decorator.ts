import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { requestFields, type Fields } from './request-fields.js';

const bodyOrQuery = (_: unknown, context: ExecutionContext): Fields => requestFields(requestOf(context));

/** The fields of a DELETE request, from the body or the query string: many clients cannot send a body with DELETE. */
export const BodyOrQuery = createParamDecorator(bodyOrQuery);

/** Whether the factory of a custom parameter is that of {@link BodyOrQuery}. */
export const isBodyOrQuery = (factory: unknown): boolean => factory === bodyOrQuery;

/** The path parameters. Includes the fields of body and query string, so that a DTO can reject them. */
export const PathFields = createParamDecorator((_: unknown, context: ExecutionContext): Fields => {
  const request = requestOf(context);
  return { ...requestFields(request), ...(request.params as Fields) };
});

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}
