import compress from '@fastify/compress';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BadRequestError } from './api-error.js';

/** Smaller answers fit one packet anyway, in bytes. */
const THRESHOLD = 1_024;
/** Above, packing takes over a millisecond and goes to a thread of its own, in bytes. */
const PACKED_AT_ONCE = 16 * 1_024;
const COMPRESSIBLE = /^(?:text\/|application\/(?:json|x-ndjson|javascript)|image\/svg\+xml)/;

/**
 * Compresses answers of 1 KiB and more for callers that accept it, downloads as they are streamed; and unpacks request
 * bodies in gzip. Call it before any route is made.
 */
export async function compressAnswers(server: FastifyInstance): Promise<void> {
  readOneEncodingName(server);
  await server.register(compress, {
    encodings: ['br', 'gzip', 'deflate'],
    threshold: THRESHOLD,
    syncThreshold: PACKED_AT_ONCE,
    customTypes: COMPRESSIBLE,
    requestEncodings: ['gzip', 'identity'],
    onUnsupportedRequestEncoding: () =>
      new BadRequestError([{ field: 'content-encoding', message: 'must be gzip or identity' }], 415),
  });
}

/** Names of encodings have no case, and `x-gzip` is gzip (RFC 9110, 8.4.1); the plugin compares them as they came. */
function readOneEncodingName(server: FastifyInstance): void {
  server.addHook('onRequest', ({ headers }: FastifyRequest, _reply, done) => {
    const encoding = headers['content-encoding']?.trim().toLowerCase();
    if (encoding !== undefined) headers['content-encoding'] = encoding === 'x-gzip' ? 'gzip' : encoding;
    done();
  });
}
