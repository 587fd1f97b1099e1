import type { FieldError } from '#libs/contracts';

/** Every error that an answer may bear: its `error.code` and its HTTP status. */
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
  /** Every wrong field of the request. */
  fields?: readonly FieldError[];
  /** The event that was not handed over, so that the caller can repeat the same one. */
  event?: { event_id: string; occurred_at: string };
  /** When it is worth to try again, in seconds. */
  retryAfterSeconds?: number;
  /** @defaultValue the status of the error's name */
  status?: number;
  /** What happened inside; logged and never answered. */
  cause?: unknown;
}

/** An error that the caller is told of. */
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
 * How many wrong fields are named: more than any request has. Only fields that the caller made up can be more, and
 * they come last; the message says how many are left out.
 */
export const MAX_NAMED_FIELDS = 100;
/** How much of a name that the caller made up is answered, in UTF-16 units. */
const LONGEST_NAME = 100;
const NAMES_IN_MESSAGE = 5;

/** The request is not of the documented form. */
export class BadRequestError extends ApiError {
  override readonly status: BadRequestStatus;

  constructor(mistakes: readonly FieldError[], status: BadRequestStatus = 400) {
    const fields = mistakes
      .slice(0, MAX_NAMED_FIELDS)
      .map(({ field, message }) => ({ field: shownName(field), message }));
    const names = [...new Set(fields.map(({ field }) => field))];
    const shown = names.slice(0, NAMES_IN_MESSAGE).join(', ') + (names.length > NAMES_IN_MESSAGE ? ', …' : '');
    const left = mistakes.length - fields.length;
    const more = left > 0 ? ` (and ${left} more mistakes than are named)` : '';
    super('BadRequestError', `The request is not of the documented form: ${shown}${more}`, { fields, status });
    this.status = status;
  }
}

/** What was cut in halves, or came as a half, is no character: strict parsers would refuse the whole answer for it. */
function shownName(field: string): string {
  return field.slice(0, LONGEST_NAME).replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/** 400, or what HTTP knows more exactly. */
type BadRequestStatus = 400 | 408 | 413 | 415 | 417 | 431;

export class UnauthorizedError extends ApiError {
  constructor() {
    super('UnauthorizedError', 'This needs a valid credential: Authorization: Bearer <key>');
  }
}

/** The same text whatever is missing: it must not tell whether the guild exists. */
export class ForbiddenError extends ApiError {
  constructor() {
    super('ForbiddenError', 'This credential has no right to this guild or to this endpoint');
  }
}

export class TooManyRequestsError extends ApiError {
  constructor(message: string, retryAfterSeconds: number) {
    super('TooManyRequestsError', message, { retryAfterSeconds });
  }
}

export class NotFoundError extends ApiError {
  constructor(message = 'There is no such route') {
    super('NotFoundError', message);
  }
}

export class InternalServerError extends ApiError {
  constructor(cause?: unknown) {
    super('InternalServerError', 'Something went wrong; the log knows more under the id of this request', { cause });
  }
}

/**
 * The broker did not take an event, the database failed when something but settings or state was read, or the service
 * stops.
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
    super('ModuleEnabledError', 'The module is enabled in this guild already');
  }
}

export class SettingsError extends ApiError {
  constructor(cause: unknown) {
    super('SettingsError', "The guild's settings could not be read", { cause });
  }
}

export class DatabaseError extends ApiError {
  constructor(cause: unknown) {
    super('DatabaseError', 'The database did not take the change; nothing of it remains', { cause });
  }
}

/** Discord refused or did not answer; the message says which permission or object. */
export class DiscordApiInteractionError extends ApiError {
  constructor(message: string, cause?: unknown) {
    super('DiscordApiInteractionError', message, { cause });
  }
}
