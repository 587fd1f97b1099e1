import { Injectable, SetMetadata } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { Answer, successEnvelope } from './envelope.js';

const WITHOUT_ENVELOPE = Symbol('without envelope');

/** For routes whose answer has a form that others decided: probes and metrics. */
export const WithoutEnvelope = () => SetMetadata(WITHOUT_ENVELOPE, true);

/** Puts what handlers return into the envelope. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.reflector.get<boolean | undefined>(WITHOUT_ENVELOPE, context.getHandler())) return next.handle();
    return next.handle().pipe(
      map((result: unknown) => {
        if (!(result instanceof Answer)) return successEnvelope(result);
        const { status, page } = result.options;
        if (status !== undefined) context.switchToHttp().getResponse<FastifyReply>().status(status);
        return successEnvelope(result.data, page);
      }),
    );
  }
}
