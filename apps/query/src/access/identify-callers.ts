import type { FastifyInstance } from 'fastify';
import { NotFoundError } from '../http/api-error.js';
import type { DecidingFields, RouteAccess } from './access.decorator.js';
import type { AccessGuard } from './access.guard.js';

/** Routes that @nestjs/swagger registers, which cannot have `@Access`. */
const DOCUMENT_ROUTE = /^\/(?:docs(?:\/.*)?|openapi\.json)$/;

/**
 * Authenticates the caller before the body is read, and answers 404 to unknown routes. Call it before any route is
 * registered: registering a route without `@Access` then throws an Error.
 */
export function identifyCallers(server: FastifyInstance, guard: Pick<AccessGuard, 'identify'>): void {
  server.decorateRequest('principal', null);
  server.decorateRequest('session', null);
  requireDeclarations(server);
  server.addHook('onRequest', async (request, reply) => {
    if (request.is404) throw new NotFoundError();
    if (request.routeOptions.config.access !== 'open') await guard.identify(request, reply);
  });
}

/** The field that must be in requests of routes with this access. */
const NEEDED_FIELDS: Partial<Record<RouteAccess, keyof DecidingFields>> = {
  guild: 'guild_id',
  manager: 'guild_id',
  own: 'privacy_member_id',
};

function requireDeclarations(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    if (DOCUMENT_ROUTE.test(route.url)) route.config = { ...route.config, access: 'open' };
    const { access, decidedBy } = route.config ?? {};
    const name = `the route ${String(route.method)} ${route.url}`;
    if (access === undefined) throw new Error(`${name} does not declare who may call it (@Access)`);
    const needed = NEEDED_FIELDS[access];
    if (needed !== undefined && decidedBy?.[needed] !== 'required') {
      throw new Error(`${name} has access "${access}" but does not require ${needed} (@Access)`);
    }
  });
}
