import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ForbiddenError, NotFoundError, TooManyRequestsError, UnauthorizedError } from '../http/api-error.js';
import { networkOf } from './network.js';
import type { Credentials } from './credentials.js';
import type { GuildPrincipal } from './principal.js';
import { sendRateLimit } from './rate-limit-headers.js';
import type { RequestRates } from './request-rates.js';
import { hasRight } from './rights.js';

/** Routes that @nestjs/swagger makes, which cannot declare anything. */
const DOCUMENT_ROUTE = /^\/(?:docs(?:\/.*)?|openapi\.json)$/;

export interface AccessParts {
  credentials: Credentials;
  rates: RequestRates;
}

/**
 * Checks every request, in this order: failed credentials of the address (429), credential (401), rate of the key
 * (429), and once the body is read: form (400), right (403). Call it before any route is made.
 *
 * @throws Error from the making of a route that does not declare who may call it
 */
export function checkAccess(server: FastifyInstance, parts: AccessParts): void {
  server.decorateRequest('principal', null);
  server.decorateRequest('form', null);
  requireDeclarations(server);
  server.addHook('onRequest', async (request, reply) => {
    if (request.is404) throw new NotFoundError();
    if (request.routeOptions.config.access !== 'open') await identify(request, reply, parts);
  });
  server.addHook('preHandler', async (request) => {
    readAndAuthorize(request);
  });
}

function requireDeclarations(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    if (DOCUMENT_ROUTE.test(route.url)) route.config = { ...route.config, access: 'open' };
    const { access, reads } = route.config ?? {};
    const name = `the route ${String(route.method)} ${route.url}`;
    if (access === undefined) throw new Error(`${name} does not declare who may call it (@Access)`);
    if (access === 'guild' && reads === undefined) throw new Error(`${name} does not declare how its guild is read`);
  });
}

/** Finds out who calls. @throws TooManyRequestsError, UnauthorizedError, ServiceUnavailableError */
async function identify(request: FastifyRequest, reply: FastifyReply, parts: AccessParts): Promise<void> {
  const { credentials, rates } = parts;
  const secret = bearerToken(request);
  if (secret !== undefined && credentials.isServiceKey(secret)) {
    // Not limited, whatever others did from the same address: all may come through one proxy.
    request.principal = { kind: 'service' };
    return;
  }
  const network = networkOf(request.ip);
  const failures = rates.failuresOf(network);
  if (failures?.isUsedUp) {
    sendRateLimit(reply, failures);
    throw new TooManyRequestsError('Too many wrong credentials came from this address', failures.resetSeconds);
  }
  if (secret === undefined) throw new UnauthorizedError();
  const principal = await findCounted(secret, network, parts);
  if (principal === undefined) {
    sendRateLimit(reply, rates.failuresOf(network));
    throw new UnauthorizedError();
  }
  request.principal = principal;
  countRequest(principal, reply, rates);
}

/**
 * Whose key it is. One that is new counts as a failure until it is found: a database that is slow must not let through
 * more guesses than a fast one.
 */
async function findCounted(
  secret: string,
  network: string,
  { credentials, rates }: AccessParts,
): Promise<GuildPrincipal | undefined> {
  const isNews = credentials.isNews(secret);
  if (isNews) rates.countFailure(network);
  let isFailure = false;
  try {
    const principal = await credentials.find(secret);
    isFailure = principal === undefined;
    if (isFailure && !isNews) rates.countFailure(network);
    return principal;
  } finally {
    if (isNews && !isFailure) rates.takeBackFailure(network);
  }
}

function countRequest(principal: GuildPrincipal, reply: FastifyReply, rates: RequestRates): void {
  const usage = rates.countRequest(principal.keyId);
  sendRateLimit(reply, usage);
  if (usage?.isExceeded) {
    throw new TooManyRequestsError('This key has made too many requests', usage.resetSeconds);
  }
}

/** @throws BadRequestError, ForbiddenError */
function readAndAuthorize(request: FastifyRequest): void {
  // A route may find that it has nothing to show, such as a file of the API documents.
  if (request.is404) return;
  const { access = 'service', reads } = request.routeOptions.config;
  if (reads !== undefined) request.form = reads(request);
  if (access === 'open') return;
  const asked = { access, method: request.method, guildId: request.form?.guildId };
  // The same answer whether the guild exists or not, and before anything of it is looked at.
  if (request.principal === null || !hasRight(request.principal, asked)) throw new ForbiddenError();
}

function bearerToken(request: FastifyRequest): string | undefined {
  return /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
