import type { ServerOptions } from 'node:http';

/** The limits of an HTTP server per client. */
export interface HttpLimits {
  /** The time to receive the request line and the headers, in milliseconds. */
  headersTimeoutMs: number;
  /** The time to receive the whole request including its body, in milliseconds. */
  requestTimeoutMs: number;
  /** How often the two limits above are checked, in milliseconds. They can be exceeded by this time. */
  checkIntervalMs: number;
  /** How long an idle connection stays open between two requests, in milliseconds. */
  keepAliveTimeoutMs: number;
  /** A connection without traffic is closed after this time, in milliseconds, even during a request. */
  stalledTimeoutMs: number;
  /** The size of the request line and all headers together, in bytes. */
  maxHeaderBytes: number;
  /** The maximum number of open connections. Further ones are closed immediately. */
  maxConnections: number;
}

export const HTTP_LIMITS: HttpLimits = {
  // Headers fit into a few packets, but a bad mobile connection can take seconds.
  headersTimeoutMs: 10_000,
  // Even slow links transfer 100 KiB, the maximum size of a body, in this time.
  requestTimeoutMs: 30_000,
  checkIntervalMs: 2_000,
  // Longer than the usual 60 s of load balancers, which must not send requests on a connection that is being closed.
  keepAliveTimeoutMs: 72_000,
  // Longer than the service takes to answer: a statement of a summary can take 30 s, and an erasure is answered after
  // one minute at the latest.
  stalledTimeoutMs: 120_000,
  // Requests have a few hundred bytes, and a few KiB behind a proxy. Also limits the query string.
  maxHeaderBytes: 16 * 1024,
  // Each uses some KiB, and up to 1 MiB for the body of an authenticated request.
  maxConnections: 5_000,
};

/** The limits as options of Fastify. It has no option for `maxConnections`, which is a property of Node's server. */
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
