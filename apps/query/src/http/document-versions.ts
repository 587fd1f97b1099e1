import { createHash } from 'node:crypto';
import type { FastifyInstance, onSendAsyncHookHandler } from 'fastify';

/** Documents that change only with the version of the service, and that tools poll. */
const DOCUMENTS: ReadonlySet<string> = new Set(['/openapi.json', '/asyncapi.json']);

/**
 * Adds an `ETag` to documents, and answers 304 to callers that have the current version. Call it before any route is
 * registered, and before compression is set up.
 */
export function versionDocuments(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    if (DOCUMENTS.has(route.url)) route.onSend = [route.onSend ?? [], version].flat();
  });
}

const version: onSendAsyncHookHandler<unknown> = async (request, reply, payload) => {
  if (reply.statusCode !== 200 || (typeof payload !== 'string' && !Buffer.isBuffer(payload))) return payload;
  // Weak, because the response may be compressed.
  const etag = `W/"${createHash('sha256').update(payload).digest('base64url').slice(0, 22)}"`;
  reply.headers({ etag, 'cache-control': 'no-cache', vary: 'accept-encoding' });
  if (!isKnownToCaller(request.headers['if-none-match'], etag)) return payload;
  reply.status(304).removeHeader('content-type').removeHeader('content-length');
  return null;
};

/** `If-None-Match` is `*` or a list of tags, and uses weak comparison (RFC 9110, 13.1.2). */
function isKnownToCaller(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim());
  return known.some((tag) => tag === '*' || tag === etag || `W/${tag}` === etag);
}
