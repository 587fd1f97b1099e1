import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from '#libs/observability';
import { ApiError, BadRequestError, InternalServerError, NotFoundError } from './api-error.js';
import { errorEnvelope } from './envelope.js';

/** Answers every error in the envelope, and logs server errors. */
@Catch()
export class ApiExceptionFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = asApiError(exception);
    if (error.status >= 500) this.log(error, request);
    sendError(reply, error);
  }

  private log(error: ApiError, request: FastifyRequest): void {
    const details = { requestId: request.id, err: error.cause ?? error };
    if (error.name === 'InternalServerError') this.logger.error(details, 'a request failed unexpectedly');
    else this.logger.warn(details, `answered ${error.name}: ${error.message}`);
  }
}

export function sendError(reply: FastifyReply, error: ApiError): void {
  const { retryAfterSeconds } = error.details;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (error.status === 401) reply.header('www-authenticate', 'Bearer');
  void reply.status(error.status).type('application/json; charset=utf-8').send(errorEnvelope(error));
}

/** Converts any error. Nest and Fastify throw their own errors for requests that do not reach a handler. */
export function asApiError(exception: unknown): ApiError {
  if (exception instanceof ApiError) return exception;
  const status =
    exception instanceof HttpException ? exception.getStatus() : (exception as { statusCode?: unknown }).statusCode;
  if (status === 404) return new NotFoundError();
  if (status === 413) return new BadRequestError([{ field: 'body', message: 'is too large' }], 413);
  if (status === 415) return new BadRequestError([{ field: 'content-type', message: 'must be application/json' }], 415);
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const { code } = exception as { code?: unknown };
    if (code === 'FST_CP_ERR_INVALID_CONTENT')
      return new BadRequestError([{ field: 'body', message: 'must be valid gzip' }]);
    // The original messages may contain parts of the request.
    const isBadPath = code === 'FST_ERR_BAD_URL';
    const message = isBadPath ? 'must have a valid percent-encoded path' : 'cannot be read';
    return new BadRequestError([{ field: 'request', message }]);
  }
  return new InternalServerError(exception);
}
