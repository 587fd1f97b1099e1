import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export const REQUEST_ID_HEADER = 'x-request-id';

const SANE_TOKEN = /^[A-Za-z0-9._-]{1,128}$/;

/** The id under which a request stands in the logs: the caller's when it is a sane token, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && SANE_TOKEN.test(given) ? given : randomUUID();
}
