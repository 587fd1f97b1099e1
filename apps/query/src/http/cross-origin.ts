import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** How long a browser may remember what it was told of a route, in seconds; the longest that Chromium takes. */
const PREFLIGHT_MAX_AGE_SECONDS = 7_200;

/**
 * Lets pages of these origins call the API from a browser, with cookies. Without any, nothing is done: other origins
 * get no permission, and `OPTIONS` is a route that does not exist.
 *
 * Call it before anything that refuses requests: a browser hides errors that lack these headers from the page.
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
    // Its answer to an OPTIONS that is no preflight is a text without the envelope.
    strictPreflight: false,
  });
}
