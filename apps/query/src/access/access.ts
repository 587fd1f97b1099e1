import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { RequestForm } from '../forms/form-reader.js';
import type { Principal } from './principal.js';

/**
 * Who may call a route:
 * - `open`: everybody, without a credential
 * - `guild`: whoever has a right to the guild that the request names
 * - `service`: the holder of the service key alone
 */
export type RouteAccess = 'open' | 'guild' | 'service';

export interface RouteDeclaration {
  access: RouteAccess;
  /** Reads what the request asks for. A `guild` route needs one, which tells the guild. */
  reads?: (request: FastifyRequest) => RequestForm;
}

declare module 'fastify' {
  interface FastifyContextConfig extends Partial<RouteDeclaration> {}

  interface FastifyRequest {
    /** Who calls; null where no credential is needed. */
    principal: Principal | null;
    /** What the route's `reads` gave. */
    form: RequestForm | null;
  }
}

/** Declares who may call a route. The service does not start with a route that declares nothing. */
export const Access = (declaration: RouteDeclaration): MethodDecorator => RouteConfig(declaration);
