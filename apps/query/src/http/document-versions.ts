import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

/** What changes only with the version of the service; tools ask for it again and again. */
const DOCUMENTS: ReadonlySet<string> = new Set(['/openapi.json']);

/** Gives documents an `ETag`, and answers 304 to callers that have the current version. */
export function versionDocuments(server: FastifyInstance): void {
  server.addHook('onSend', async (request, reply, payload) => {
    if (!DOCUMENTS.has(request.routeOptions.url ?? '') || reply.statusCode !== 200) return payload;
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
    // Weak: what is sent may be compressed.
    const version = `W/"${createHash('sha256').update(payload).digest('base64url').slice(0, 22)}"`;
    reply.headers({ etag: version, 'cache-control': 'no-cache', vary: 'accept-encoding' });
    if (!isAskedFor(request.headers['if-none-match'], version)) return payload;
    reply.status(304).removeHeader('content-type').removeHeader('content-length');
    return null;
  });
}

/** `If-None-Match` is `*` or a list of tags; weak and strong ones count the same here (RFC 9110, 13.1.2). */
function isAskedFor(ifNoneMatch: string | undefined, version: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim());
  return known.some((tag) => tag === '*' || tag === version || `W/${tag}` === version);
}
