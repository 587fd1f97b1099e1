/** Discord's code where the bot has no access to an object: it cannot see it, or, of voice channels, not join it. */
export const MISSING_ACCESS = 50001;

/**
 * Codes of what Discord, or the server's AutoMod, does not let anybody write: explicit content, blocked words in a text
 * or a title, links that are taken for harmful.
 */
const OF_CONTENT: readonly (number | undefined)[] = [20009, 200000, 200001, 240000];

/** Objects that Discord may not find. A member is a user in a guild. */
export type DiscordObject = 'channel' | 'guild' | 'member' | 'message' | 'role' | 'user';

/** Whose limit a 429 tells of: this bot's on one route, all bots' on one object, or this bot's on everything. */
export type RateLimitScope = 'user' | 'shared' | 'global';

/** One field that Discord did not accept, such as `embeds[0].title`. */
export interface RejectedField {
  field: string;
  message: string;
}

/**
 * What went wrong, with what is known of it:
 * - `rate_limited`: not done; the same may be tried after `retryAfterMs`
 * - `unauthorized`: the token is not valid (any more); nothing will work until there is another
 * - `forbidden`: the bot may not; `code` is Discord's, such as 50001 (no access) or 50013 (a permission is missing)
 * - `not_found`: `object` tells what is not there, or is undefined when Discord does not say
 * - `rejected`: Discord does not accept the request as it is
 * - `unavailable`: no answer that could be used: a refused or broken connection, no answer in time, 5xx
 *
 * `reason` is what Discord says beside its code, in its own words.
 */
export type DiscordFailure =
  | { kind: 'rate_limited'; retryAfterMs: number; scope: RateLimitScope }
  | { kind: 'unauthorized' }
  | { kind: 'forbidden'; code: number; reason?: string }
  | { kind: 'not_found'; code: number; object?: DiscordObject }
  | { kind: 'rejected'; status: number; code: number; fields: RejectedField[]; reason?: string }
  | { kind: 'unavailable' };

export interface DiscordErrorContext {
  /** Method and path without ids but the first, such as `PATCH /channels/123`. */
  route: string;
  /** The request may have been carried out although it failed. @defaultValue false */
  mayHaveBeenDone?: boolean;
  cause?: unknown;
}

/** Discord refused, or did not answer. The message never holds the token. */
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

  /** The same error for a call of which an earlier attempt may have been carried out. */
  afterUnclearAttempt(): DiscordError {
    const { route, cause } = this;
    return new DiscordError(this.message, this.failure, { route, mayHaveBeenDone: true, cause });
  }

  get kind(): DiscordFailure['kind'] {
    return this.failure.kind;
  }

  /** Discord's own number for what is wrong, where it gave one. */
  get code(): number | undefined {
    return 'code' in this.failure ? this.failure.code : undefined;
  }

  /** What was not found; undefined for another kind of error, or when Discord does not say. */
  get missingObject(): DiscordObject | undefined {
    return this.failure.kind === 'not_found' ? this.failure.object : undefined;
  }

  /** How long to wait before the same may be tried, in milliseconds; undefined unless `rate_limited`. */
  get retryAfterMs(): number | undefined {
    return this.failure.kind === 'rate_limited' ? this.failure.retryAfterMs : undefined;
  }

  /** Undefined unless `rate_limited`. */
  get scope(): RateLimitScope | undefined {
    return this.failure.kind === 'rate_limited' ? this.failure.scope : undefined;
  }
}

/** Whether Discord does not take what was to be written, where it takes other content: nothing is wrong with the place. */
export function isRefusalOfContent(error: unknown): error is DiscordError {
  if (!(error instanceof DiscordError)) return false;
  return error.kind === 'rejected' || OF_CONTENT.includes(error.code);
}
