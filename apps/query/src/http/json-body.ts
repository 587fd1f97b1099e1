import type { FastifyInstance } from 'fastify';
import { parseLosslessJson, type JsonValue } from '#libs/json';
import { BadRequestError } from './api-error.js';

/** The maximum size of a body, in bytes. */
export const BODY_LIMIT = 100 * 1024;

/**
 * In bytes. Bodies above {@link BODY_LIMIT} are read up to this size before they are refused: a caller that gets a
 * response while it still sends often sees a broken connection instead.
 */
export const READ_LIMIT = 1024 * 1024;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Parses bodies as JSON without losing digits of large integers. A missing or empty body is undefined. */
export function readJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) =>
    parseJsonBody(body),
  );
  server.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => {
    if (body.length === 0) return undefined;
    refuseLargeBody(body);
    throw new BadRequestError([{ field: 'content-type', message: 'must be application/json' }], 415);
  });
}

/** @returns undefined for an empty body @throws BadRequestError */
export function parseJsonBody(body: Buffer): JsonValue | undefined {
  if (body.length === 0) return undefined;
  refuseLargeBody(body);
  try {
    return parseLosslessJson(UTF8.decode(body));
  } catch (error) {
    const reason = error instanceof SyntaxError ? `must be valid JSON: ${error.message}` : 'must be valid UTF-8';
    throw new BadRequestError([{ field: 'body', message: reason }]);
  }
}

function refuseLargeBody(body: Buffer): void {
  if (body.length <= BODY_LIMIT) return;
  throw new BadRequestError([{ field: 'body', message: `must have at most ${BODY_LIMIT} bytes` }], 413);
}
