import type { FastifyInstance } from 'fastify';
import { REQUEST_ID_HEADER } from './request-id.js';

type Headers = Readonly<Record<string, string>>;

/** A year, in seconds: what browsers take for meant seriously. */
const HSTS_SECONDS = 31_536_000;

/** Answers are data: a browser that shows one runs and loads nothing, and no other site frames it. */
const OF_DATA = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const;

/** The pages of the documents run the scripts that come with them, and ask this API. They style themselves in place. */
const OF_DOCUMENTS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
} as const;

const DOCUMENTS = /^\/(?:docs(?:\/.*)?|openapi\.json)$/;

export interface SecurityHeaders {
  ofData: Headers;
  ofDocuments: Headers;
}

/**
 * What every answer tells a browser. They are constants and set in one go, as they stand on the answer to every event
 * too, and answers that no hook sees need them as well.
 *
 * @param publicUrl where browsers find the service; only over HTTPS they may be told to stay there
 */
export function securityHeaders(publicUrl: string | undefined): SecurityHeaders {
  const always = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...(publicUrl?.startsWith('https:') && { 'strict-transport-security': `max-age=${HSTS_SECONDS}` }),
  };
  return { ofData: { ...always, ...OF_DATA }, ofDocuments: { ...always, ...OF_DOCUMENTS } };
}

/** Puts the headers and the id of the request on its answer, whatever that will be. */
export function addSecurityHeaders(server: FastifyInstance, { ofData, ofDocuments }: SecurityHeaders): void {
  server.addHook('onRequest', async (request, reply) => {
    const isDocument = DOCUMENTS.test(request.routeOptions.url ?? '');
    reply.headers(isDocument ? ofDocuments : ofData).header(REQUEST_ID_HEADER, request.id);
  });
}
