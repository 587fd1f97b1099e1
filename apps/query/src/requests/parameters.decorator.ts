import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { requestFields, type Fields } from './request-fields.js';

const bodyOrQuery = (_: unknown, context: ExecutionContext): Fields => requestFields(requestOf(context));

/** What a DELETE asks for: its fields may lie in the body or, as many clients cannot send one, in the query string. */
export const BodyOrQuery = createParamDecorator(bodyOrQuery);

/** Whether a custom parameter, by what reads it, is a {@link BodyOrQuery}. */
export const isBodyOrQuery = (factory: unknown): boolean => factory === bodyOrQuery;

/** The parameters of the path. What a request says elsewhere counts too, so that a DTO can refuse it. */
export const PathFields = createParamDecorator((_: unknown, context: ExecutionContext): Fields => {
  const request = requestOf(context);
  return { ...requestFields(request), ...(request.params as Fields) };
});

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}
