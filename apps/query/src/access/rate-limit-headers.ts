import type { FastifyReply } from 'fastify';
import type { Usage } from './request-window.js';

/**
 * Sets `RateLimit-Policy` and `RateLimit` as defined by draft-ietf-httpapi-ratelimit-headers since version 08: quota
 * (q), window in seconds (w), remaining requests (r) and seconds until the reset (t). Sets nothing if there is no
 * limit.
 */
export function sendRateLimit(reply: FastifyReply, usage: Usage | undefined): void {
  if (usage === undefined) return;
  const { policy, quota, windowSeconds, remaining, resetSeconds } = usage;
  reply.header('ratelimit-policy', `"${policy}";q=${quota};w=${windowSeconds}`);
  reply.header('ratelimit', `"${policy}";r=${remaining};t=${resetSeconds}`);
}
