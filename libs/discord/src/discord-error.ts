/** Discord's code if the bot cannot see an object, or cannot join a voice channel. */
export const MISSING_ACCESS = 50001;

/**
 * Codes of content that Discord or the server's AutoMod rejects: explicit content, blocked words in a text or a title,
 * harmful links.
 */
const CONTENT_CODES: readonly (number | undefined)[] = [20009, 200000, 200001, 240000];

/** Kinds of objects in a 404. A member is a user in a guild. */
export type DiscordObject = 'channel' | 'guild' | 'member' | 'message' | 'role' | 'user';

/** The scope of a 429: this bot on one route, all bots on one object, or this bot on all routes. */
export type RateLimitScope = 'user' | 'shared' | 'global';

/** One field that Discord did not accept, such as `embeds[0].title`. */
export interface RejectedField {
  field: string;
  message: string;
}

/**
 * The kind of a failure, with details:
 * - `rate_limited`: not done; may be retried after `retryAfterMs`
 * - `unauthorized`: the token is not valid (any more); nothing works without another token
 * - `forbidden`: the bot lacks a permission; `code` is Discord's, such as 50001 (no access) or 50013 (missing
 *   permission)
 * - `not_found`: `object` is the kind of the missing object; undefined if Discord does not say
 * - `rejected`: Discord does not accept the request
 * - `unavailable`: no usable answer: a refused or broken connection, a timeout, or a status of 500 and above
 *
 * `reason` is Discord's message.
 */
export type DiscordFailure =
  | { kind: 'rate_limited'; retryAfterMs: number; scope: RateLimitScope }
  | { kind: 'unauthorized' }
  | { kind: 'forbidden'; code: number; reason?: string }
  | { kind: 'not_found'; code: number; object?: DiscordObject }
  | { kind: 'rejected'; status: number; code: number; fields: RejectedField[]; reason?: string }
  | { kind: 'unavailable' };

export interface DiscordErrorContext {
  /** Method and path with only the first id, such as `PATCH /channels/123`. */
  route: string;
  /** The request may have taken effect although it failed. @defaultValue false */
  mayHaveBeenDone?: boolean;
  cause?: unknown;
}

/** Discord refused a call, or did not answer. The message never contains the token. */
export class DiscordError extends Error {
  override readonly name = 'DiscordError';
  readonly route: string;
  readonly mayHaveBeenDone: boolean;

  constructor(
    message: string,
    readonly failure: DiscordFailure,
    { route, mayHaveBeenDone = false, cause }: DiscordErrorContext,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.route = route;
    this.mayHaveBeenDone = mayHaveBeenDone;
  }

  /** The same error, for a call of which an earlier attempt may have taken effect. */
  afterUnclearAttempt(): DiscordError {
    const { route, cause } = this;
    return new DiscordError(this.message, this.failure, { route, mayHaveBeenDone: true, cause });
  }

  get kind(): DiscordFailure['kind'] {
    return this.failure.kind;
  }

  /** Discord's error code, if it gave one. */
  get code(): number | undefined {
    return 'code' in this.failure ? this.failure.code : undefined;
  }

  /** The kind of the missing object. Undefined for other errors, or if Discord does not say. */
  get missingObject(): DiscordObject | undefined {
    return this.failure.kind === 'not_found' ? this.failure.object : undefined;
  }

  /** The time until a retry is allowed, in milliseconds. Undefined unless `rate_limited`. */
  get retryAfterMs(): number | undefined {
    return this.failure.kind === 'rate_limited' ? this.failure.retryAfterMs : undefined;
  }

  /** Undefined unless `rate_limited`. */
  get scope(): RateLimitScope | undefined {
    return this.failure.kind === 'rate_limited' ? this.failure.scope : undefined;
  }
}

/** Whether Discord rejects this content, but would accept other content in the same place. */
export function isRefusalOfContent(error: unknown): error is DiscordError {
  if (!(error instanceof DiscordError)) return false;
  return error.kind === 'rejected' || CONTENT_CODES.includes(error.code);
}
