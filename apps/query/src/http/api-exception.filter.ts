import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describeError, LineBudget, Logger, stackFrames } from '#libs/observability';
import { Clock } from '#libs/timing';
import { ApiError, BadRequestError, InternalServerError, NotFoundError } from './api-error.js';
import { errorEnvelope } from './envelope.js';
import { Outages } from './outages.js';
import { requestLogIds } from './request-log-ids.js';

/** For each name of an error. */
const LINES_PER_MINUTE = 20;

/** Answers every error in the envelope, and logs server errors. */
@Catch()
export class ApiExceptionFilter implements ExceptionFilter {
  /** By the error's name. */
  private readonly budgets = new Map<string, LineBudget>();

  constructor(
    private readonly logger: Logger,
    private readonly outages: Outages,
    private readonly clock: Clock,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = asApiError(exception);
    if (error.status >= 500) this.log(error, request);
    sendError(reply, error);
  }

  private log(error: ApiError, request: FastifyRequest): void {
    const ids = requestLogIds(request);
    request.failedInOutage = this.outages.note(error, ids);
    if (request.failedInOutage) return;
    const { mayWrite, leftOut } = this.budgetOf(error).take();
    if (!mayWrite) return;
    const cause = error.cause ?? error;
    const details = { ...ids, error: describeError(cause), left_out: leftOut || undefined };
    // The message may repeat what the caller sent.
    if (error.name !== 'InternalServerError') this.logger.warn(details, `answered ${error.name}`);
    else this.logger.error({ ...details, stack: stackFrames(cause) }, 'a request failed unexpectedly');
  }

  private budgetOf({ name }: ApiError): LineBudget {
    const budget = this.budgets.get(name) ?? new LineBudget(LINES_PER_MINUTE, this.clock);
    this.budgets.set(name, budget);
    return budget;
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
