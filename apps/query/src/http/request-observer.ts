import type { FastifyInstance } from 'fastify';
import { Counter, Histogram, type Registry } from 'prom-client';
import { METRIC_PREFIX, type Logger } from '#libs/observability';
import { requestLogIds } from './request-log-ids.js';

/** Routes that machines poll every few seconds. They are logged at debug level. */
const PROBES = new Set(['/livez', '/readyz', '/metrics']);

/** Seconds. */
const DURATION_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

declare module 'fastify' {
  interface FastifyRequest {
    /** The id of the caller's API key, for the log. */
    apiKeyId?: string;
    /** It failed because of an outage, which is logged once for all requests. */
    failedInOutage?: boolean;
  }
}

/** Logs and measures every request after its response was sent. */
export function observeRequests(server: FastifyInstance, logger: Logger, registry: Registry): void {
  // About 90 routes (both prefixes) and the statuses of the API: never a path as it was asked for, never a guild.
  const requests = new Counter({
    name: `${METRIC_PREFIX}http_requests_total`,
    help: 'Requests by route template ("none": no such route), method and status of the response',
    labelNames: ['route', 'method', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: `${METRIC_PREFIX}http_request_seconds`,
    help: 'Time until the response was sent, by route template ("none": no such route) and method',
    labelNames: ['route', 'method'],
    buckets: DURATION_BUCKETS,
    registers: [registry],
  });
  const durations = new Histogram({
    name: `${METRIC_PREFIX}http_request_duration_seconds`,
    help: 'Earlier name of serverstats_http_request_seconds, by method, route template and class of status',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS,
    registers: [registry],
  });

  server.decorateRequest('apiKeyId', undefined);
  server.decorateRequest('failedInOutage', undefined);
  server.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const { method } = request;
    const status = reply.statusCode;
    const elapsed = reply.elapsedTime / 1000;
    requests.inc({ route, method, status });
    seconds.observe({ route, method }, elapsed);
    durations.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, elapsed);
    const duration_ms = Math.round(reply.elapsedTime * 10) / 10;
    const { apiKeyId: api_key_id, failedInOutage } = request;
    const level = failedInOutage || PROBES.has(route) ? 'debug' : 'info';
    const details = { ...requestLogIds(request), method, route, status, duration_ms, api_key_id };
    logger[level](details, `${method} ${route} ${status}`);
  });
}
