import compress from '@fastify/compress';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BadRequestError } from './api-error.js';

/** In bytes. Smaller responses fit into one packet anyway. */
const THRESHOLD = 1_024;
/** In bytes. Larger responses take over a millisecond to compress, so they are compressed in another thread. */
const ASYNC_THRESHOLD = 16 * 1_024;
const COMPRESSIBLE = /^(?:text\/|application\/(?:json|x-ndjson|javascript)|image\/svg\+xml)/;

/**
 * Compresses responses of 1 KiB and more for callers that accept it, streams included, and decompresses gzip request
 * bodies. Call it before any route is registered.
 */
export async function compressAnswers(server: FastifyInstance): Promise<void> {
  readOneEncodingName(server);
  await server.register(compress, {
    encodings: ['br', 'gzip', 'deflate'],
    threshold: THRESHOLD,
    syncThreshold: ASYNC_THRESHOLD,
    customTypes: COMPRESSIBLE,
    requestEncodings: ['gzip', 'identity'],
    onUnsupportedRequestEncoding: () =>
      new BadRequestError([{ field: 'content-encoding', message: 'must be gzip or identity' }], 415),
  });
}

/** Encoding names are case-insensitive, and `x-gzip` is gzip (RFC 9110, 8.4.1). The plugin handles neither. */
function readOneEncodingName(server: FastifyInstance): void {
  server.addHook('onRequest', ({ headers }: FastifyRequest, _reply, done) => {
    const encoding = headers['content-encoding']?.trim().toLowerCase();
    if (encoding !== undefined) headers['content-encoding'] = encoding === 'x-gzip' ? 'gzip' : encoding;
    done();
  });
}
