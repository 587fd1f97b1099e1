import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { NotFoundError, UnauthorizedError } from './api-error.js';

/** Routes that @nestjs/swagger makes, which cannot declare anything. */
const DOCUMENT_ROUTE = /^\/(?:docs(?:\/.*)?|openapi\.json)$/;

/**
 * Checks the credential of every request before its body is read. Call it before any route is made.
 *
 * @throws Error from the making of a route that does not declare who may call it
 */
export function checkAccess(server: FastifyInstance, serviceKey: string): void {
  const serviceKeyDigest = digest(serviceKey);

  server.addHook('onRoute', (route) => {
    if (DOCUMENT_ROUTE.test(route.url)) route.config = { ...route.config, access: 'open' };
    if (route.config?.access === undefined) {
      throw new Error(`the route ${String(route.method)} ${route.url} does not declare who may call it (@Access)`);
    }
  });

  server.addHook('onRequest', async (request) => {
    if (request.is404) throw new NotFoundError();
    if (request.routeOptions.config.access === 'open') return;
    const key = bearerToken(request);
    // The digests have one length, and comparing them takes the same time wherever they differ.
    if (key === undefined || !timingSafeEqual(digest(key), serviceKeyDigest)) throw new UnauthorizedError();
  });
}

function bearerToken(request: FastifyRequest): string | undefined {
  return /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
