import { Injectable, SetMetadata, StreamableFile } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { Answer, successEnvelope } from './envelope.js';

const WITHOUT_ENVELOPE = Symbol('without envelope');

/** For routes whose response format is given by convention: probes and metrics. */
export const WithoutEnvelope = () => SetMetadata(WITHOUT_ENVELOPE, true);

/**
 * The connection of a download is not kept alive. If the service is told to shut down during a download, the headers
 * have already been sent, and an open connection would delay the shutdown.
 */
const DOWNLOAD_HEADERS = { connection: 'close' };

/** Wraps the results of handlers in the envelope, except files. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.reflector.get<boolean | undefined>(WITHOUT_ENVELOPE, context.getHandler())) return next.handle();
    return next.handle().pipe(
      map((result: unknown) => {
        const reply = context.switchToHttp().getResponse<FastifyReply>();
        if (result instanceof StreamableFile) {
          reply.headers(DOWNLOAD_HEADERS);
          return result;
        }
        if (!(result instanceof Answer)) return successEnvelope(result);
        const { status, page } = result.options;
        if (status !== undefined) reply.status(status);
        return successEnvelope(result.data, page);
      }),
    );
  }
}
