import { applyDecorators, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtension } from '@nestjs/swagger';
import type { SessionOfRequest } from './credentials.js';
import type { Principal } from './principal.js';

/**
 * Who may call a route:
 * - `open`: everybody, without a credential
 * - `any`: every credential
 * - `guild`: the service key, API keys of the guild in the request, and members who manage it
 * - `manager`: the service key, and members who manage the guild in the request
 * - `managed_key`: the service key, and members who manage the guild of the API key in the path, which the handler checks
 * - `own`: the service key, and the member in the request
 * - `service`: only the service key
 */
export type RouteAccess = 'open' | 'any' | 'guild' | 'manager' | 'managed_key' | 'own' | 'service';

/** The request fields that authorization may depend on, in the order in which they are read. */
export const DECIDING_FIELDS = ['guild_id', 'privacy_member_id'] as const;

export type DecidingFields = Readonly<Partial<Record<(typeof DECIDING_FIELDS)[number], 'required' | 'optional'>>>;

export interface RouteDeclaration {
  access: RouteAccess;
  decidedBy: DecidingFields;
}

declare module 'fastify' {
  interface FastifyContextConfig extends Partial<RouteDeclaration> {}

  interface FastifyRequest {
    /** The authenticated caller; null on open routes. */
    principal: Principal | null;
    /** The caller's session; null if the credential is a key. */
    session: SessionOfRequest | null;
  }
}

const ACCESS = Symbol('who may call a route');
/** The extension of an operation in the API document that holds its {@link RouteAccess}. */
export const ACCESS_EXTENSION = 'x-access';

/**
 * Declares who may call a route. The service does not start if a route lacks this decorator.
 *
 * @param decidedBy the request fields that authorization needs, each required or optional. They are validated before
 *   authorization. @defaultValue `guild_id` for `guild` and `manager`, else none
 */
export function Access(access: RouteAccess, decidedBy?: DecidingFields): MethodDecorator {
  const declaration: RouteDeclaration = {
    access,
    decidedBy: decidedBy ?? (access === 'guild' || access === 'manager' ? { guild_id: 'required' } : {}),
  };
  return applyDecorators(RouteConfig(declaration), SetMetadata(ACCESS, access), ApiExtension(ACCESS_EXTENSION, access));
}

/** The access that a handler declares; undefined if `@Access` is missing or has not been applied yet. */
export function accessOf(handler: object): RouteAccess | undefined {
  return Reflect.getMetadata(ACCESS, handler) as RouteAccess | undefined;
}
