import { applyDecorators, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtension } from '@nestjs/swagger';
import type { Principal } from './principal.js';

/**
 * Who may call a route:
 * - `open`: everybody, without a credential
 * - `guild`: whoever has a right to the guild that the request names
 * - `service`: the holder of the service key alone
 */
export type RouteAccess = 'open' | 'guild' | 'service';

/** The fields of a request that a right may depend on, in the order in which they are read. */
export const DECIDING_FIELDS = ['guild_id', 'privacy_member_id'] as const;

export type DecidingFields = Readonly<Partial<Record<(typeof DECIDING_FIELDS)[number], 'required' | 'optional'>>>;

export interface RouteDeclaration {
  access: RouteAccess;
  decidedBy: DecidingFields;
}

declare module 'fastify' {
  interface FastifyContextConfig extends Partial<RouteDeclaration> {}

  interface FastifyRequest {
    /** Who calls; null where no credential is needed. */
    principal: Principal | null;
  }
}

const ACCESS = Symbol('who may call a route');
/** Where the API document tells it: `open`, `guild` (the service, and API keys of that guild), `service`. */
export const ACCESS_EXTENSION = 'x-access';

/**
 * Declares who may call a route. The service does not start with a route that declares nothing.
 *
 * @param decidedBy the fields that the request must or may have before anybody's right is looked at.
 *   @defaultValue `guild_id` for `guild`, else none
 */
export function Access(access: RouteAccess, decidedBy?: DecidingFields): MethodDecorator {
  const declaration: RouteDeclaration = {
    access,
    decidedBy: decidedBy ?? (access === 'guild' ? { guild_id: 'required' } : {}),
  };
  return applyDecorators(RouteConfig(declaration), SetMetadata(ACCESS, access), ApiExtension(ACCESS_EXTENSION, access));
}

/** Who may call the route of a handler; undefined where nothing is declared (yet). */
export function accessOf(handler: object): RouteAccess | undefined {
  return Reflect.getMetadata(ACCESS, handler) as RouteAccess | undefined;
}
