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
  /** From the request's first byte to the answer's last, in milliseconds. */
  timeoutMs: number;
  /** The same for requests with files. */
  uploadTimeoutMs: number;
  /** Called for each request that was made, with its route and the status of the answer, if one came. */
  onAnswer?(route: string, status?: number): void;
}

/** Discord did not answer, or not in time, or the answer broke off. */
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

/** For an answer that says "too many" and not for how long. */
const UNKNOWN_RETRY_AFTER_MS = 1_000;
/** A wait of nothing would ask again at once. */
const SHORTEST_RETRY_AFTER_MS = 100;

/** Errors of a connection that never was: nothing can have arrived. */
const NOT_CONNECTED = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

/**
 * Discord's REST API as @discordjs/rest speaks it: it queues by bucket, and rejects instead of waiting where Discord's
 * headers say that a bucket is empty. Waiting and trying again is not left to it, as it can do neither with a bound
 * nor with a signal; and nor are 429s, which it forgets once it has thrown.
 *
 * @throws (its requests) TokenRefusedError, RateLimitedAnswer, NoAnswerError, and the library's RateLimitError, DiscordAPIError, HTTPError
 */
export function createDiscordRest(options: DiscordRestOptions): REST {
  return new REST({
    version: '10',
    ...(options.apiUrl && { api: options.apiUrl.replace(/\/+$/, '') }),
    retries: 0,
    rejectOnRateLimit: () => true,
    // The deadline is kept below, where it counts reading the answer too.
    timeout: 2 ** 31 - 1,
    userAgentAppendix: 'Serverstats',
    makeRequest: makeRequestWith(options),
  }).setToken(options.token.value);
}

function makeRequestWith(options: DiscordRestOptions): RESTOptions['makeRequest'] {
  const { token, clock, timeoutMs, uploadTimeoutMs } = options;
  return async (url, init) => {
    // Requests that waited in the library's queues come here, too.
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
    else if (isOfDiscord(response)) token.accept();
    return wholeAnswer(response, body, token.value);
  };
}

function pathBelowVersion(url: string): string {
  return new URL(url).pathname.replace(/^.*?\/v\d+(?=\/)/, '');
}

/** Whether Discord itself answered, and not what stands before it, which does not look at tokens. */
function isOfDiscord({ status, headers }: ResponseLike): boolean {
  return status === 204 || (status < 500 && status !== 429 && isJson(headers));
}

/** @throws RateLimitedAnswer, NoAnswerError */
function wholeAnswer(response: ResponseLike, body: ArrayBuffer, token: string): ResponseLike {
  const { status, headers } = response;
  if (status === 429) throw new RateLimitedAnswer(readRateLimit(response, parseJson(body)));
  if (status < 400 && isJson(headers) && parseJson(body) === undefined) {
    throw new NoAnswerError('the answer is no JSON', true, undefined);
  }
  const hasBody = status !== 204 && status !== 304;
  const whole = new Response(hasBody ? readableBody(status, body, token) : null, {
    status,
    headers: { ...Object.fromEntries(headers), ...(status >= 400 && { 'content-type': 'application/json' }) },
  });
  return whole as unknown as ResponseLike;
}

/**
 * The library takes every refusal for Discord's JSON, but what stands between may refuse with a page; and it makes
 * messages of it, which must not hold the token.
 */
function readableBody(status: number, body: ArrayBuffer, token: string): ArrayBuffer | string {
  if (status < 400) return body;
  const error = parseJson(body);
  const isDiscords = typeof error === 'object' && error !== null && 'message' in error;
  const readable = JSON.stringify({ code: 0, message: `status ${status}`, ...(isDiscords && error) });
  return readable.replaceAll(token, '***');
}

/** @param body undefined when it is no JSON */
function readRateLimit({ headers }: ResponseLike, body: unknown): RateLimit {
  const { retry_after: inBody, global } = (body ?? {}) as { retry_after?: unknown; global?: unknown };
  // The header is whole seconds, rounded up; the body is more exact, where there is one.
  const seconds = [inBody, headers.get('Retry-After')].map(readSeconds).find((value) => value !== undefined);
  const scope = headers.get('X-RateLimit-Scope');
  // A page that names no limit of Discord's comes from what stands before it, which refuses the whole address.
  const isOfAddress = scope === null && body === undefined;
  const isGlobal = headers.has('X-RateLimit-Global') || global === true || isOfAddress;
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
