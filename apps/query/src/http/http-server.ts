import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { HTTP_LIMITS, serverLimits, type HttpLimits, type Logger } from '#libs/observability';
import { asApiError, sendError } from './api-exception.filter.js';
import { compressAnswers } from './compression.js';
import { allowOrigins } from './cross-origin.js';
import { versionDocuments } from './document-versions.js';
import { READ_LIMIT, readJsonBodies } from './json-body.js';
import { parseQueryString } from './query-string.js';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.js';
import { observeRequests } from './request-observer.js';
import { addSecurityHeaders, securityHeaders } from './security-headers.js';
import { answerClientError, answerOn, answerUnreadableRequests } from './unreadable-requests.js';

const MAX_PARAMETER_LENGTH = 16 * 1024;

export interface HttpServerOptions {
  /** Addresses and networks of proxies that are believed when they say who called (X-Forwarded-For). */
  trustedProxies: string[];
  /** Whose pages may call the API from a browser. */
  corsOrigins: readonly string[];
  /** Where browsers find the service. */
  publicUrl?: string;
  /** @defaultValue HTTP_LIMITS */
  limits?: HttpLimits;
  logger: Logger;
  registry: Registry;
}

/** The server under Nest: what happens to a request before a handler sees it, and when nobody can. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyAdapter> {
  const limits = options.limits ?? HTTP_LIMITS;
  const headers = securityHeaders(options.publicUrl);
  const { http, ...timeouts } = serverLimits(limits);
  const adapter = new FastifyAdapter({
    ...timeouts,
    // A request without one gets an answer from here, and not Node's.
    http: { ...http, requireHostHeader: false },
    bodyLimit: READ_LIMIT,
    trustProxy: options.trustedProxies.length > 0 && options.trustedProxies,
    genReqId: requestIdOf,
    requestIdHeader: false,
    // Requests that arrive on an open connection while the service stops are still answered.
    return503OnClosing: false,
    routerOptions: {
      ignoreTrailingSlash: true,
      // As long as a request line may be: whatever is asked for, who asks is looked at first.
      maxParamLength: MAX_PARAMETER_LENGTH,
      querystringParser: parseQueryString as unknown as (text: string) => Record<string, unknown>,
    },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      reply.headers(headers.ofData).header(REQUEST_ID_HEADER, request.id);
      sendError(reply, asApiError(error));
    },
    clientErrorHandler: (error: Error, socket: Socket) => answerClientError(error, socket, headers.ofData),
  });
  const server = adapter.getInstance() as unknown as FastifyInstance;
  server.server.maxConnections = limits.maxConnections;
  cutStalledConnections(server, limits, options.logger);
  addSecurityHeaders(server, headers);
  endConnections(server);
  observeRequests(server, options.logger, options.registry);
  answerUnreadableRequests(server, headers.ofData);
  await allowOrigins(server, options.corsOrigins);
  versionDocuments(server);
  await compressAnswers(server);
  readJsonBodies(server);
  return adapter;
}

/** A client that takes no more of its answer, or says nothing more, keeps nothing alive. */
function cutStalledConnections(server: FastifyInstance, limits: HttpLimits, logger: Logger): void {
  server.server.on('timeout', (socket) => {
    const request_id = answerOn(socket)?.getHeader(REQUEST_ID_HEADER);
    logger.info({ request_id, stalled_ms: limits.stalledTimeoutMs }, 'a connection was cut, as nothing moved on it');
    socket.destroy();
  });
}

/**
 * Idle connections are closed when the service stops; those that are busy then end with their answer. So does one on
 * which a request with a body asked for another protocol: Node's parser may take no request after it.
 */
function endConnections(server: FastifyInstance): void {
  let isClosing = false;
  server.addHook('preClose', async () => {
    isClosing = true;
  });
  server.addHook('onSend', async ({ headers }, reply) => {
    if (isClosing || (headers.upgrade !== undefined && hasBody(headers))) reply.header('connection', 'close');
  });
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
