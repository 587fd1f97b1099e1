import type { FieldError } from '#libs/contracts';

/** All errors of the API by name, with their `error.code` and HTTP status. */
export const API_ERRORS = {
  BadRequestError: { code: 400, status: 400 },
  UnauthorizedError: { code: 401, status: 401 },
  ForbiddenError: { code: 403, status: 403 },
  NotFoundError: { code: 404, status: 404 },
  TooManyRequestsError: { code: 429, status: 429 },
  InternalServerError: { code: 500, status: 500 },
  ServiceUnavailableError: { code: 503, status: 503 },
  ModuleDisabledError: { code: 800, status: 409 },
  ModuleEnabledError: { code: 801, status: 409 },
  SettingsError: { code: 802, status: 503 },
  DatabaseError: { code: 803, status: 503 },
  DiscordApiInteractionError: { code: 804, status: 502 },
} as const satisfies Record<string, { code: number; status: number }>;

export type ApiErrorName = keyof typeof API_ERRORS;

export interface ApiErrorDetails {
  /** Every invalid field of the request. */
  fields?: readonly FieldError[];
  /** The event that was not handed over, so that the caller can send the same event again. */
  event?: { event_id: string; occurred_at: string };
  /** When to retry, in seconds. */
  retryAfterSeconds?: number;
  /** @defaultValue the status in {@link API_ERRORS} */
  status?: number;
  /** The underlying error. It is logged, and never part of a response. */
  cause?: unknown;
}

/** An error that is returned to the caller. */
export class ApiError extends Error {
  readonly status: number;

  constructor(
    override readonly name: ApiErrorName,
    message: string,
    readonly details: ApiErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.status = details.status ?? API_ERRORS[name].status;
  }

  get code(): number {
    return API_ERRORS[this.name].code;
  }
}

const RETRY_AFTER_SECONDS = 5;

/**
 * How many invalid fields an error lists. This is more than any request has: only unknown fields can exceed it, and
 * they come last. The message says how many are left out.
 */
export const MAX_NAMED_FIELDS = 100;
/** Unknown field names are truncated to this length, in UTF-16 code units. */
const LONGEST_NAME = 100;
const NAMES_IN_MESSAGE = 5;

/** The request is invalid. */
export class BadRequestError extends ApiError {
  override readonly status: BadRequestStatus;

  constructor(mistakes: readonly FieldError[], status: BadRequestStatus = 400) {
    const fields = mistakes
      .slice(0, MAX_NAMED_FIELDS)
      .map(({ field, message }) => ({ field: shownName(field), message }));
    const names = [...new Set(fields.map(({ field }) => field))];
    const shown = names.slice(0, NAMES_IN_MESSAGE).join(', ') + (names.length > NAMES_IN_MESSAGE ? ', …' : '');
    const left = mistakes.length - fields.length;
    const more = left > 0 ? ` (and ${left} more)` : '';
    super('BadRequestError', `The request has invalid fields: ${shown}${more}`, { fields, status });
    this.status = status;
  }
}

/** Truncates a name and replaces lone surrogates, because strict JSON parsers would reject the response. */
function shownName(field: string): string {
  return field.slice(0, LONGEST_NAME).replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/** 400, or a more specific status. */
type BadRequestStatus = 400 | 408 | 413 | 415 | 417 | 431;

export class UnauthorizedError extends ApiError {
  constructor() {
    super('UnauthorizedError', 'A valid credential is required: Authorization: Bearer <key>');
  }
}

/** The default message is the same for every guild, so that it does not reveal whether the guild exists. */
export class ForbiddenError extends ApiError {
  constructor(message = 'This credential does not have access to this guild or endpoint') {
    super('ForbiddenError', message);
  }
}

export class TooManyRequestsError extends ApiError {
  constructor(message: string, retryAfterSeconds: number) {
    super('TooManyRequestsError', message, { retryAfterSeconds });
  }
}

export class NotFoundError extends ApiError {
  constructor(message = 'No such route') {
    super('NotFoundError', message);
  }
}

export class InternalServerError extends ApiError {
  constructor(cause?: unknown) {
    super(
      'InternalServerError',
      'An unexpected error occurred. The log of the service has the details for this X-Request-Id',
      { cause },
    );
  }
}

/**
 * The broker did not accept an event, a read failed that is not about settings or the state of a guild, or the service
 * is shutting down.
 */
export class ServiceUnavailableError extends ApiError {
  constructor(message: string, details: Pick<ApiErrorDetails, 'event' | 'cause'>) {
    super('ServiceUnavailableError', message, { ...details, retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
}

export class ModuleDisabledError extends ApiError {
  constructor() {
    super('ModuleDisabledError', 'The module is disabled in this guild');
  }
}

export class ModuleEnabledError extends ApiError {
  constructor() {
    super('ModuleEnabledError', 'The module is already enabled in this guild');
  }
}

export class SettingsError extends ApiError {
  constructor(cause: unknown) {
    super('SettingsError', 'The settings of the guild could not be read', { cause });
  }
}

export class DatabaseError extends ApiError {
  constructor(cause: unknown) {
    super('DatabaseError', 'The change could not be stored. Nothing was changed', { cause });
  }
}

/** Discord refused or did not answer. The message names the missing permission or object. */
export class DiscordApiInteractionError extends ApiError {
  constructor(message: string, cause?: unknown) {
    super('DiscordApiInteractionError', message, { cause });
  }
}
