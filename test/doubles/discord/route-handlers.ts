import type { DiscordAnswers } from './discord-answers.js';
import type { DiscordState } from './discord-state.js';
import type { RateLimits } from './rate-limits.js';
import type { UploadedFile } from './request-body.js';
import type { KnownRouteName } from './routes.js';

/** A request of the documented form. */
export interface CheckedRequest {
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  json: Readonly<Record<string, unknown>>;
  files: readonly UploadedFile[];
}

export interface DoubleContext {
  state: DiscordState;
  answers: DiscordAnswers;
  limits: RateLimits;
  /** The responses to messages with `enforce_nonce` by nonce. `at` is in Unix milliseconds. */
  nonces: Map<string, { at: number; body: unknown }>;
}

export interface HandlerAnswer {
  /** @defaultValue 200 */
  status?: number;
  body?: unknown;
}

/** Handles requests of a route. @throws Refusal, RateLimitExceeded */
export type Handler = (context: DoubleContext, request: CheckedRequest) => HandlerAnswer;

export type Handlers = Partial<Record<KnownRouteName, Handler>>;
