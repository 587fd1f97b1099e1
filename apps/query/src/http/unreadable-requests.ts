import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { BadRequestError, NotFoundError, type ApiError } from './api-error.js';
import { errorEnvelope } from './envelope.js';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.js';

type Headers = Readonly<Record<string, string>>;

/** What Node's parser says of a request, and what the caller is told. Any other code: it is not HTTP. */
const REASONS: Readonly<Record<string, { status: BadRequestError['status']; message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'has a line and headers that are too large' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, message: 'has chunks with extensions that are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'came too slowly' },
};
const NO_HTTP = { status: 400, message: 'is not HTTP as it should be' } as const;

/**
 * Answers what Node would answer by itself, without a body and a request id, or not at all: requests that it cannot
 * read, that never come to their end, or that want another protocol.
 *
 * @param headers of every answer
 */
export function answerUnreadableRequests(server: FastifyInstance, headers: Headers): void {
  const node = server.server;
  answerUnmetExpectations(node, headers);
  node.on('connect', (request: IncomingMessage, socket: Duplex) => {
    // What is left of the connection is not HTTP: its errors are nobody's.
    socket.on('error', () => undefined);
    endWithError(socket, new NotFoundError('There is no tunnel here'), { ...headers, ...idOf(request) });
  });
  server.addHook('onRequest', async (request) => {
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      throw new BadRequestError([{ field: 'host', message: 'is required' }]);
    }
  });
}

/** Of a connection on which something came that is no request, or no whole one within its time. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex, headers: Headers): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const { status, message } = REASONS[error.code ?? ''] ?? NO_HTTP;
  endWithError(socket, new BadRequestError([{ field: 'request', message }], status), { ...headers, ...idOf() });
}

/** `Expect: 100-continue` is met by Node; there is no other expectation. */
function answerUnmetExpectations(node: Server, headers: Headers): void {
  node.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const error = new BadRequestError([{ field: 'expect', message: 'must be 100-continue' }], 417);
    const body = JSON.stringify(errorEnvelope(error));
    response.writeHead(error.status, { ...headers, ...idOf(request), ...bodyHeaders(body) }).end(body);
  });
}

/** Part of another answer, or the place of one that is being made, must not be taken for this one. */
function isAnswering(socket: Duplex): boolean {
  const response = answerOn(socket);
  return response !== undefined && (response.headersSent || response.req.complete);
}

/** The answer that is made or sent on a connection now. */
export function answerOn(socket: Duplex): ServerResponse | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}

function endWithError(socket: Duplex, error: ApiError, headers: Headers): void {
  const body = JSON.stringify(errorEnvelope(error));
  const lines = Object.entries({ ...headers, ...bodyHeaders(body) }).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`, ...lines];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function bodyHeaders(body: string): Headers {
  return {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
}

function idOf(request: Pick<IncomingMessage, 'headers'> = { headers: {} }): Headers {
  return { [REQUEST_ID_HEADER]: requestIdOf(request) };
}
