import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** How long a browser may cache a preflight response, in seconds. Chromium's maximum. */
const PREFLIGHT_MAX_AGE_SECONDS = 7_200;

/**
 * Lets pages of these origins call the API from a browser, with cookies. Without origins it does nothing, and `OPTIONS`
 * answers 404.
 *
 * Call it before anything that rejects requests: browsers hide error responses without CORS headers from the page.
 */
export async function allowOrigins(server: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await server.register(cors, {
    origin: [...origins],
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Content-Encoding', 'X-CSRF-Token'],
    exposedHeaders: ['X-Request-Id', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'Content-Disposition'],
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
    // The plugin's response to an OPTIONS request that is not a preflight would lack the envelope.
    strictPreflight: false,
  });
}
