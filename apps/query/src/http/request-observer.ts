import type { FastifyInstance } from 'fastify';
import { Histogram, type Registry } from 'prom-client';
import { METRIC_PREFIX, type Logger } from '#libs/observability';

/** Routes that machines poll every few seconds. They are logged at debug level. */
const PROBES = new Set(['/livez', '/readyz', '/metrics']);

declare module 'fastify' {
  interface FastifyRequest {
    /** The id of the caller's API key, for the log. */
    apiKeyId?: string;
  }
}

/** Logs and measures every request after its response was sent. */
export function observeRequests(server: FastifyInstance, logger: Logger, registry: Registry): void {
  const durations = new Histogram({
    name: `${METRIC_PREFIX}http_request_duration_seconds`,
    help: 'Time until the response was sent, by method, route template ("none": no such route) and class of status',
    // About 90 routes (both prefixes) and at most 5 status classes. Never use actual paths or guild ids as labels.
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });

  server.decorateRequest('apiKeyId', undefined);
  server.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const { method } = request;
    const status = reply.statusCode;
    durations.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, reply.elapsedTime / 1000);
    const durationMs = Math.round(reply.elapsedTime * 10) / 10;
    const { apiKeyId } = request;
    const level = PROBES.has(route) ? 'debug' : 'info';
    logger[level](
      { requestId: request.id, method, route, status, durationMs, apiKeyId },
      `${method} ${route} ${status}`,
    );
  });
}
