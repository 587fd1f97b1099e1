import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import type { Logger } from '#libs/observability';
import { checkAccess, type AccessParts } from '../access/access-check.js';
import { BadRequestError } from './api-error.js';
import { asApiError, sendError } from './api-exception.filter.js';
import { errorEnvelope } from './envelope.js';
import { READ_LIMIT, readJsonBodies } from './json-body.js';
import { parseQueryString } from './query-string.js';
import { observeRequests } from './request-observer.js';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.js';

export interface HttpServerOptions {
  access: AccessParts;
  /** Addresses and networks of proxies that are believed when they say who called (X-Forwarded-For). */
  trustedProxies: string[];
  logger: Logger;
  registry: Registry;
}

/** The server under Nest: what happens to a request before a handler sees it, and when nobody can. */
export function createHttpServer(options: HttpServerOptions): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: READ_LIMIT,
    trustProxy: options.trustedProxies.length > 0 && options.trustedProxies,
    genReqId: requestIdOf,
    requestIdHeader: false,
    // Requests that arrive on an open connection while the service stops are still answered.
    return503OnClosing: false,
    routerOptions: {
      ignoreTrailingSlash: true,
      querystringParser: parseQueryString as unknown as (text: string) => Record<string, unknown>,
    },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      reply.header(REQUEST_ID_HEADER, request.id);
      sendError(reply, asApiError(error));
    },
    clientErrorHandler: answerUnreadableRequest,
  });
  const server = adapter.getInstance() as unknown as FastifyInstance;
  nameEveryResponse(server);
  endConnectionsOnClose(server);
  observeRequests(server, options.logger, options.registry);
  checkAccess(server, options.access);
  readJsonBodies(server);
  return adapter;
}

function nameEveryResponse(server: FastifyInstance): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.header(REQUEST_ID_HEADER, request.id);
  });
}

/** Idle connections are closed when the service stops; those that are busy then end with their answer. */
function endConnectionsOnClose(server: FastifyInstance): void {
  let isClosing = false;
  server.addHook('preClose', async () => {
    isClosing = true;
  });
  server.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
}

/** Node could not read the request: broken HTTP, headers that are too large or too slow. */
function answerUnreadableRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const what = error.code === 'HPE_HEADER_OVERFLOW' ? 'its headers are too large' : 'it is not HTTP as it should be';
  const body = JSON.stringify(errorEnvelope(new BadRequestError([{ field: 'request', message: what }])));
  socket.end(
    [
      'HTTP/1.1 400 Bad Request',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${randomUUID()}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
