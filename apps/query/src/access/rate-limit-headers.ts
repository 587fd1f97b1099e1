import type { FastifyReply } from 'fastify';
import type { Usage } from './request-window.js';

/**
 * `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers has them since its 8th version: quota (q)
 * and window in seconds (w); what remains (r) and seconds until it is full again (t). Nothing without a limit.
 */
export function sendRateLimit(reply: FastifyReply, usage: Usage | undefined): void {
  if (usage === undefined) return;
  const { policy, quota, windowSeconds, remaining, resetSeconds } = usage;
  reply.header('ratelimit-policy', `"${policy}";q=${quota};w=${windowSeconds}`);
  reply.header('ratelimit', `"${policy}";r=${remaining};t=${resetSeconds}`);
}
