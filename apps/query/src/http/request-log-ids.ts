import type { FastifyRequest } from 'fastify';
import { FIELD_TYPES } from '#libs/contracts';
import type { JsonValue } from '#libs/json';
import type { LogIds } from '#libs/observability';

type SentFields = { guild_id?: JsonValue } | null | undefined;

/**
 * The ids on every log line about a request: of the request, and of its guild. They are passed as arguments, because an
 * AsyncLocalStorage makes POST requests 17% slower.
 */
export function requestLogIds(request: Pick<FastifyRequest, 'id' | 'body' | 'query'>): LogIds {
  const { values } = (request.query ?? {}) as { values?: SentFields };
  // An invalid id is not logged: it may be anything.
  const guild_id = (request.body as SentFields)?.guild_id ?? values?.guild_id;
  return {
    request_id: request.id,
    guild_id: guild_id === undefined ? undefined : FIELD_TYPES.snowflake.parse(guild_id),
  };
}
