import type { ServerOptions } from 'node:http';

/** What a client may take of an HTTP server before it is cut off. */
export interface HttpLimits {
  /** For the request line and the headers, in milliseconds. */
  headersTimeoutMs: number;
  /** For the whole request, its body too, in milliseconds. */
  requestTimeoutMs: number;
  /** How often the two limits above are looked at, in milliseconds: so much later may a request be cut off. */
  checkIntervalMs: number;
  /** How long a connection stays open between two requests, in milliseconds. */
  keepAliveTimeoutMs: number;
  /** A connection on which nothing moves for so long is cut, in milliseconds: its client reads no more. */
  stalledTimeoutMs: number;
  /** Of the request line and all headers together, in bytes. */
  maxHeaderBytes: number;
  /** Connections at once; those beyond are closed as they come. */
  maxConnections: number;
}

export const HTTP_LIMITS: HttpLimits = {
  // What fits a few packets is there at once; a phone in a tunnel may take seconds.
  headersTimeoutMs: 10_000,
  // 100 KiB in half a minute is slower than any link in use.
  requestTimeoutMs: 30_000,
  checkIntervalMs: 2_000,
  // Longer than the 60 s after which load balancers let go of theirs, or they would send into a closing connection.
  keepAliveTimeoutMs: 72_000,
  // Longer than an answer takes to be made, as nothing moves meanwhile: a statement of a summary has 30 s, and an
  // erasure is answered after a minute, finished or not.
  stalledTimeoutMs: 120_000,
  // The longest request in use has a few hundred bytes, behind a proxy a few KiB. Bounds the query string too.
  maxHeaderBytes: 16 * 1024,
  // Each holds some KiB, and up to 1 MiB of a body from who has a key.
  maxConnections: 5_000,
};

/** As options of Fastify; it has none for the number of connections, which is a property of the server under it. */
export function serverLimits(limits: HttpLimits) {
  const http: ServerOptions = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    maxHeaderSize: limits.maxHeaderBytes,
  };
  return {
    http,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionTimeout: limits.stalledTimeoutMs,
  };
}
