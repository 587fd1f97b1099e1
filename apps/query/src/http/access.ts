import { RouteConfig } from '@nestjs/platform-fastify';

/**
 * Who may call a route:
 * - `open`: everybody, without a credential
 * - `guild`: whoever has a right to the guild that the request names
 * - `service`: the holder of the service key alone
 */
export type RouteAccess = 'open' | 'guild' | 'service';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess;
  }
}

/** Declares who may call a route. The service does not start with a route that declares nothing. */
export const Access = (access: RouteAccess): MethodDecorator => RouteConfig({ access });
