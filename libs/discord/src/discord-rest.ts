import { DefaultRestOptions, REST, type ResponseLike, type RESTOptions } from '@discordjs/rest';
import { DeadlineError, withDeadline, type Clock } from '#libs/timing';
import type { BotToken } from './bot-token.js';
import { routeTemplateOf } from './discord-call.js';
import type { RateLimit } from './rate-limit-holds.js';

export interface DiscordRestOptions {
  token: BotToken;
  /** Without the version, such as https://discord.com/api. */
  apiUrl?: string;
  clock: Clock;
  /** The deadline of a request, including reading the answer, in milliseconds. */
  timeoutMs: number;
  /** The deadline of requests with files. */
  uploadTimeoutMs: number;
  /** Called for each request that was made, with its route and the status of the answer, if one came. */
  onAnswer?(route: string, status?: number): void;
}

/** Discord did not answer, answered too late, or the answer was incomplete. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';

  constructor(
    reason: string,
    /** The request may have reached Discord. */
    readonly mayHaveArrived: boolean,
    cause: unknown,
  ) {
    super(reason, { cause });
  }
}

/** Discord answered 429. */
export class RateLimitedAnswer extends Error {
  override readonly name = 'RateLimitedAnswer';

  constructor(readonly limit: RateLimit) {
    super(`rate limited for ${limit.retryAfterMs} ms`);
  }
}

/** For a 429 without a time. */
const UNKNOWN_RETRY_AFTER_MS = 1_000;
/** The minimum pause, so that a time of 0 does not cause an immediate retry. */
const SHORTEST_RETRY_AFTER_MS = 100;

/** Errors of a connection that was never established, so that nothing can have arrived. */
const NOT_CONNECTED = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

/**
 * A client of @discordjs/rest, which queues requests by bucket. It rejects instead of waiting if Discord's headers say
 * that a bucket is empty. Waiting and retrying are done elsewhere, because the library supports neither a limit nor a
 * signal for them. It also forgets a 429 after throwing it.
 *
 * Its requests throw TokenRefusedError, RateLimitedAnswer, NoAnswerError, or the library's RateLimitError,
 * DiscordAPIError and HTTPError.
 */
export function createDiscordRest(options: DiscordRestOptions): REST {
  return new REST({
    version: '10',
    ...(options.apiUrl && { api: options.apiUrl.replace(/\/+$/, '') }),
    retries: 0,
    rejectOnRateLimit: () => true,
    // makeRequest has a deadline that includes reading the answer.
    timeout: 2 ** 31 - 1,
    userAgentAppendix: 'Serverstats',
    makeRequest: makeRequestWith(options),
  }).setToken(options.token.value);
}

function makeRequestWith(options: DiscordRestOptions): RESTOptions['makeRequest'] {
  const { token, clock, timeoutMs, uploadTimeoutMs } = options;
  return async (url, init) => {
    // Checked here, because requests may have waited in the library's queues.
    token.use();
    const route = routeTemplateOf(init.method ?? 'GET', pathBelowVersion(url));
    const ms = init.body instanceof FormData ? uploadTimeoutMs : timeoutMs;
    let response: ResponseLike;
    let body: ArrayBuffer;
    try {
      const deadline = { what: "Discord's answer", ms, signal: init.signal ?? undefined, clock };
      [response, body] = await withDeadline(deadline, async (signal) => {
        const answer = await DefaultRestOptions.makeRequest(url, { ...init, signal });
        return [answer, await answer.arrayBuffer()];
      });
    } catch (error) {
      options.onAnswer?.(route);
      throw error instanceof DeadlineError
        ? new NoAnswerError(error.message, true, error)
        : new NoAnswerError(reasonOf(error), !NOT_CONNECTED.includes(codeOf(error) ?? ''), error);
    }
    options.onAnswer?.(route, response.status);
    if (response.status === 401) token.refuse();
    else if (isFromDiscord(response)) token.accept();
    return wholeAnswer(response, body, token.value);
  };
}

function pathBelowVersion(url: string): string {
  return new URL(url).pathname.replace(/^.*?\/v\d+(?=\/)/, '');
}

/** Whether Discord itself answered, and not a proxy in between, which does not check tokens. */
function isFromDiscord({ status, headers }: ResponseLike): boolean {
  return status === 204 || (status < 500 && status !== 429 && isJson(headers));
}

/** @throws RateLimitedAnswer, NoAnswerError */
function wholeAnswer(response: ResponseLike, body: ArrayBuffer, token: string): ResponseLike {
  const { status, headers } = response;
  if (status === 429) throw new RateLimitedAnswer(readRateLimit(response, parseJson(body)));
  if (status < 400 && isJson(headers) && parseJson(body) === undefined) {
    throw new NoAnswerError('the answer is not JSON', true, undefined);
  }
  const hasBody = status !== 204 && status !== 304;
  const whole = new Response(hasBody ? readableBody(status, body, token) : null, {
    status,
    headers: { ...Object.fromEntries(headers), ...(status >= 400 && { 'content-type': 'application/json' }) },
  });
  return whole as unknown as ResponseLike;
}

/**
 * The library parses every error as Discord's JSON, but a proxy may answer with an HTML page. The library also copies
 * the body into error messages, which must not contain the token.
 */
function readableBody(status: number, body: ArrayBuffer, token: string): ArrayBuffer | string {
  if (status < 400) return body;
  const error = parseJson(body);
  const isDiscordError = typeof error === 'object' && error !== null && 'message' in error;
  const readable = JSON.stringify({ code: 0, message: `status ${status}`, ...(isDiscordError && error) });
  return readable.replaceAll(token, '***');
}

/** @param body undefined when it is no JSON */
function readRateLimit({ headers }: ResponseLike, body: unknown): RateLimit {
  const { retry_after: inBody, global } = (body ?? {}) as { retry_after?: unknown; global?: unknown };
  // The body is more exact than the header, which is rounded up to seconds.
  const seconds = [inBody, headers.get('Retry-After')].map(readSeconds).find((value) => value !== undefined);
  const scope = headers.get('X-RateLimit-Scope');
  // A page without Discord's headers comes from a proxy, which blocks the whole IP address.
  const isByAddress = scope === null && body === undefined;
  const isGlobal = headers.has('X-RateLimit-Global') || global === true || isByAddress;
  return {
    retryAfterMs: seconds === undefined ? UNKNOWN_RETRY_AFTER_MS : Math.max(seconds * 1_000, SHORTEST_RETRY_AFTER_MS),
    scope: isGlobal || scope === 'global' ? 'global' : scope === 'shared' ? 'shared' : 'user',
  };
}

function readSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

function isJson(headers: ResponseLike['headers']): boolean {
  return headers.get('Content-Type')?.startsWith('application/json') ?? false;
}

function parseJson(body: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown;
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return 'the connection was refused';
  return `the connection failed${code === undefined ? '' : ` (${code})`}`;
}
