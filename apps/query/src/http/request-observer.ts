import type { FastifyInstance } from 'fastify';
import { Histogram, type Registry } from 'prom-client';
import { METRIC_PREFIX, type Logger } from '#libs/observability';
import { requestLogIds } from './request-log-ids.js';

/** What machines ask every few seconds; at the usual level of the log it would drown what people did. */
const PROBES = new Set(['/livez', '/readyz', '/metrics']);

declare module 'fastify' {
  interface FastifyRequest {
    /** The id of the API key that calls, so that whoever revokes it can see what it did; never the key. */
    apiKeyId?: string;
    /** It failed because of an outage, which is logged once for all requests. */
    failedInOutage?: boolean;
  }
}

/** Logs and measures every request when it is over. */
export function observeRequests(server: FastifyInstance, logger: Logger, registry: Registry): void {
  const durations = new Histogram({
    name: `${METRIC_PREFIX}http_request_duration_seconds`,
    help: 'Time until the response was sent, by method, route template ("none": no such route) and class of status',
    // About 90 routes (both prefixes) and at most 5 classes: never a path as it was asked for, never a guild.
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });

  server.decorateRequest('apiKeyId', undefined);
  server.decorateRequest('failedInOutage', undefined);
  server.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const { method } = request;
    const status = reply.statusCode;
    durations.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, reply.elapsedTime / 1000);
    const duration_ms = Math.round(reply.elapsedTime * 10) / 10;
    const { apiKeyId: api_key_id, failedInOutage } = request;
    const level = failedInOutage || PROBES.has(route) ? 'debug' : 'info';
    const details = { ...requestLogIds(request), method, route, status, duration_ms, api_key_id };
    logger[level](details, `${method} ${route} ${status}`);
  });
}
