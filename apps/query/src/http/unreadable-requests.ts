import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { BadRequestError, NotFoundError, type ApiError } from './api-error.js';
import { errorEnvelope } from './envelope.js';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.js';

type Headers = Readonly<Record<string, string>>;

/** The responses to errors of Node's HTTP parser, by error code. Any other code means that the request is not HTTP. */
const REASONS: Readonly<Record<string, { status: BadRequestError['status']; message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'has too large a request line or headers' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, message: 'has too large chunk extensions' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'was not received in time' },
};
const NOT_HTTP = { status: 400, message: 'must be valid HTTP' } as const;

/**
 * Answers requests that Node would answer itself without the envelope and a request id, or not at all: requests that it
 * cannot parse, that remain incomplete, or that ask for another protocol.
 *
 * @param headers the headers of all responses
 */
export function answerUnreadableRequests(server: FastifyInstance, headers: Headers): void {
  const node = server.server;
  answerUnmetExpectations(node, headers);
  node.on('connect', (request: IncomingMessage, socket: Duplex) => {
    // The connection is not HTTP any more, so its errors can be ignored.
    socket.on('error', () => undefined);
    endWithError(socket, new NotFoundError('CONNECT is not supported'), { ...headers, ...idOf(request) });
  });
  server.addHook('onRequest', async (request) => {
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      throw new BadRequestError([{ field: 'host', message: 'is required' }]);
    }
  });
}

/** Answers a connection that sent an invalid request, or did not complete a request in time. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex, headers: Headers): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const { status, message } = REASONS[error.code ?? ''] ?? NOT_HTTP;
  endWithError(socket, new BadRequestError([{ field: 'request', message }], status), { ...headers, ...idOf() });
}

/** Node handles `Expect: 100-continue`. Other expectations do not exist. */
function answerUnmetExpectations(node: Server, headers: Headers): void {
  node.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const error = new BadRequestError([{ field: 'expect', message: 'must be 100-continue' }], 417);
    const body = JSON.stringify(errorEnvelope(error));
    response.writeHead(error.status, { ...headers, ...idOf(request), ...bodyHeaders(body) }).end(body);
  });
}

/** Whether another response is in progress on the connection. An error response would be mistaken for it. */
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
