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
  /** Addresses and networks of proxies whose X-Forwarded-For header is trusted. */
  trustedProxies: string[];
  /** Origins whose pages may call the API from a browser. */
  corsOrigins: readonly string[];
  /** The URL of the service for browsers. */
  publicUrl?: string;
  /** @defaultValue HTTP_LIMITS */
  limits?: HttpLimits;
  logger: Logger;
  registry: Registry;
}

/** Creates the Fastify server under Nest, with everything that happens to requests outside of handlers. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyAdapter> {
  const limits = options.limits ?? HTTP_LIMITS;
  const headers = securityHeaders(options.publicUrl);
  const { http, ...timeouts } = serverLimits(limits);
  const adapter = new FastifyAdapter({
    ...timeouts,
    // unreadable-requests.ts answers requests without a Host header in the envelope.
    http: { ...http, requireHostHeader: false },
    bodyLimit: READ_LIMIT,
    trustProxy: options.trustedProxies.length > 0 && options.trustedProxies,
    genReqId: requestIdOf,
    requestIdHeader: false,
    // Requests that arrive on an open connection during shutdown are still answered.
    return503OnClosing: false,
    routerOptions: {
      ignoreTrailingSlash: true,
      // As long as a request line can be, so that authentication always comes before a 404.
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
  closeStalledConnections(server, limits, options.logger);
  addSecurityHeaders(server, headers);
  closeConnectionsOnShutdown(server);
  observeRequests(server, options.logger, options.registry);
  answerUnreadableRequests(server, headers.ofData);
  await allowOrigins(server, options.corsOrigins);
  versionDocuments(server);
  await compressAnswers(server);
  readJsonBodies(server);
  return adapter;
}

/** Closes connections of clients that neither read their response nor send anything. */
function closeStalledConnections(server: FastifyInstance, limits: HttpLimits, logger: Logger): void {
  server.server.on('timeout', (socket) => {
    const request_id = answerOn(socket)?.getHeader(REQUEST_ID_HEADER);
    logger.info({ request_id, stalled_ms: limits.stalledTimeoutMs }, 'closed an idle connection');
    socket.destroy();
  });
}

/**
 * During shutdown, a busy connection is closed after its response; Fastify closes idle ones. A connection is also
 * closed after a request that has both a body and an `Upgrade` header: Node's parser may not read another request after
 * it.
 */
function closeConnectionsOnShutdown(server: FastifyInstance): void {
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
