import { DiscordAPIError, HTTPError, RateLimitError, type DiscordErrorData } from '@discordjs/rest';
import { UnreadableAnswerError } from './answer-fields.js';
import { TokenRefusedError } from './bot-token.js';
import { routeOf, type DiscordCall } from './discord-call.js';
import { DiscordError, type DiscordFailure, type DiscordObject, type RejectedField } from './discord-error.js';
import { NoAnswerError, RateLimitedAnswer } from './discord-rest.js';
import type { RateLimit } from './rate-limit-holds.js';

const OBJECTS: Readonly<Record<number, DiscordObject>> = {
  10003: 'channel',
  10004: 'guild',
  10007: 'member',
  10008: 'message',
  10011: 'role',
  10013: 'user',
};

/** Converts an error of a request to a DiscordError. Errors without relation to Discord are returned unchanged. */
export function discordErrorOf(error: unknown, call: DiscordCall): unknown {
  const route = routeOf(call);
  const changes = call.method !== 'GET';
  if (error instanceof TokenRefusedError) return unauthorized(route);
  if (error instanceof RateLimitError) {
    return rateLimited(route, { retryAfterMs: error.retryAfter, scope: error.global ? 'global' : 'user' });
  }
  if (error instanceof RateLimitedAnswer) return rateLimited(route, error.limit);
  if (error instanceof DiscordAPIError && error.status === 401) return unauthorized(route);
  if (error instanceof DiscordAPIError) {
    return new DiscordError(`${route}: ${firstLineOf(error.message)} (${error.code})`, failureOf(error), { route });
  }
  if (error instanceof HTTPError) return unavailable(route, `Discord answered ${error.status}`, changes);
  if (error instanceof NoAnswerError) {
    return unavailable(route, error.message, changes && error.mayHaveArrived, error.cause);
  }
  if (error instanceof UnreadableAnswerError) {
    return unavailable(route, `the answer cannot be read: ${error.message}`, changes, error);
  }
  return error;
}

export function rateLimited(route: string, limit: RateLimit): DiscordError {
  const seconds = Math.ceil(limit.retryAfterMs / 1_000);
  const message = `${route}: rate limited (${limit.scope}), retry in ${seconds} s`;
  return new DiscordError(message, { kind: 'rate_limited', ...limit }, { route });
}

function unauthorized(route: string): DiscordError {
  return new DiscordError(`${route}: Discord does not accept the token`, { kind: 'unauthorized' }, { route });
}

function unavailable(route: string, reason: string, mayHaveBeenDone: boolean, cause?: unknown): DiscordError {
  return new DiscordError(`${route}: ${reason}`, { kind: 'unavailable' }, { route, mayHaveBeenDone, cause });
}

function failureOf({ status, code: anyCode, rawError }: DiscordAPIError): DiscordFailure {
  const code = typeof anyCode === 'number' ? anyCode : 0;
  const reason = 'message' in rawError ? firstLineOf(String(rawError.message)) : undefined;
  if (status === 403) return { kind: 'forbidden', code, reason };
  if (status === 404) return { kind: 'not_found', code, object: OBJECTS[code] };
  const fields = 'errors' in rawError ? rejectedFields((rawError as DiscordErrorData).errors) : [];
  return { kind: 'rejected', status, code, fields, reason };
}

/** Discord nests field errors like the request: `{embeds: {0: {title: {_errors: [{message}]}}}}`. */
function rejectedFields(errors: unknown, path = ''): RejectedField[] {
  if (typeof errors !== 'object' || errors === null) return [];
  return Object.entries(errors).flatMap(([key, value]: [string, unknown]) => {
    if (key === '_errors' && Array.isArray(value)) {
      return value.map(({ message }: { message?: unknown }) => ({ field: path, message: String(message) }));
    }
    const separated = /^[0-9]+$/.test(key) ? `[${key}]` : path === '' ? key : `.${key}`;
    return rejectedFields(value, path + separated);
  });
}

function firstLineOf(text: string): string {
  return text.split('\n', 1)[0]!;
}
