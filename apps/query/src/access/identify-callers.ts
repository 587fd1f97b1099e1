import type { FastifyInstance } from 'fastify';
import { NotFoundError } from '../http/api-error.js';
import type { AccessGuard } from './access.guard.js';

/** Routes that @nestjs/swagger makes, which cannot declare anything. */
const DOCUMENT_ROUTE = /^\/(?:docs(?:\/.*)?|openapi\.json)$/;

/**
 * Lets the guard find out who calls before the body is read, and answers 404 where there is no route. Call it before any
 * route is made.
 *
 * @throws Error from the making of a route that does not declare who may call it
 */
export function identifyCallers(server: FastifyInstance, guard: Pick<AccessGuard, 'identify'>): void {
  server.decorateRequest('principal', null);
  requireDeclarations(server);
  server.addHook('onRequest', async (request, reply) => {
    if (request.is404) throw new NotFoundError();
    if (request.routeOptions.config.access !== 'open') await guard.identify(request, reply);
  });
}

function requireDeclarations(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    if (DOCUMENT_ROUTE.test(route.url)) route.config = { ...route.config, access: 'open' };
    const { access, decidedBy } = route.config ?? {};
    const name = `the route ${String(route.method)} ${route.url}`;
    if (access === undefined) throw new Error(`${name} does not declare who may call it (@Access)`);
    if (access === 'guild' && decidedBy?.guild_id !== 'required') {
      throw new Error(`${name} does not declare that its guild_id decides who may call it`);
    }
  });
}
