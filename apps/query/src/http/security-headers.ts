import type { FastifyInstance } from 'fastify';
import { REQUEST_ID_HEADER } from './request-id.js';

type Headers = Readonly<Record<string, string>>;

/** One year, the minimum for the HSTS preload lists of browsers. */
const HSTS_SECONDS = 31_536_000;

/** Responses are data: a browser that displays one must not run or load anything, and no site may frame it. */
const OF_DATA = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const;

/** The pages of the API documentation run their own scripts, call this API and use inline styles. */
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

/** The dashboard loads only files of this service, and calls only this API. It has no inline scripts and styles. */
const OF_DASHBOARD = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'cache-control': 'no-cache',
} as const;

const DOCUMENTS = /^\/(?:docs(?:\/.*)?|(?:openapi|asyncapi)\.json)$/;
const DASHBOARD = /^\/(?:login|me|g\/\*|assets\/:file|favicon\.svg|theme\.js)?$/;

export interface SecurityHeaders {
  ofData: Headers;
  ofDocuments: Headers;
  ofDashboard: Headers;
}

/**
 * The security headers of all responses. They are computed once, because every response has them, including those that
 * are sent outside of Fastify's hooks.
 *
 * @param publicUrl the URL of the service for browsers; HSTS is sent only if it is HTTPS
 */
export function securityHeaders(publicUrl: string | undefined): SecurityHeaders {
  const always = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...(publicUrl?.startsWith('https:') && { 'strict-transport-security': `max-age=${HSTS_SECONDS}` }),
  };
  return {
    ofData: { ...always, ...OF_DATA },
    ofDocuments: { ...always, ...OF_DOCUMENTS },
    ofDashboard: { ...always, ...OF_DASHBOARD },
  };
}

/** Adds the security headers and the request id to every response. */
export function addSecurityHeaders(server: FastifyInstance, headers: SecurityHeaders): void {
  server.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions;
    reply.headers(headersOf(url, headers)).header(REQUEST_ID_HEADER, request.id);
  });
}

/** @param route the path of the route, undefined if there is none */
function headersOf(route: string | undefined, { ofData, ofDocuments, ofDashboard }: SecurityHeaders): Headers {
  if (route === undefined) return ofData;
  if (DOCUMENTS.test(route)) return ofDocuments;
  return DASHBOARD.test(route) ? ofDashboard : ofData;
}
