import { RateLimitError, type REST, type RequestMethod } from '@discordjs/rest';
import { growingPause, type Clock } from '#libs/timing';
import type { BotToken } from './bot-token.js';
import { CallLimits } from './call-limits.js';
import type { DiscordCall } from './discord-call.js';
import { DiscordError, type DiscordObject } from './discord-error.js';
import { discordErrorOf } from './discord-failures.js';
import { LimitWaits } from './limit-waits.js';
import { withOwnSignal } from './own-signal.js';
import { RateLimitHolds } from './rate-limit-holds.js';

/** The maximum number of requests for one call. */
const MAX_REQUESTS = 4;
const PAUSES = { firstMs: 250, longestMs: 1_000 };

type UnconditionalCall = Omit<DiscordCall, 'method' | 'isRepeatable'>;
type ReadAnswer<T> = (answer: unknown) => T;

/**
 * Calls Discord with retries: waits for rate limits that end soon, retries idempotent calls, and makes only one request
 * in five minutes while Discord does not accept the token.
 *
 * Every method throws DiscordError, or the signal's reason.
 */
export class DiscordRequests {
  private readonly limits = new CallLimits();
  private readonly holds: RateLimitHolds;

  constructor(
    private readonly rest: REST,
    private readonly token: BotToken,
    private readonly clock: Clock,
  ) {
    this.holds = new RateLimitHolds(clock);
  }

  /** False while Discord answers 401. */
  get isAuthorized(): boolean {
    return !this.token.isRefused;
  }

  read<T>(call: UnconditionalCall, readAnswer: ReadAnswer<T>, signal: AbortSignal): Promise<T> {
    return this.answer({ ...call, method: 'GET', isRepeatable: true }, readAnswer, signal);
  }

  /** @param readAnswer may throw UnreadableAnswerError */
  answer<T>(call: DiscordCall, readAnswer: ReadAnswer<T>, signal: AbortSignal): Promise<T> {
    return withOwnSignal(signal, (own) =>
      this.limits.call(call.guildId, own, () => this.attemptUntilAnswered(call, readAnswer, own)),
    );
  }

  /** Also resolves if the object is missing after an attempt that may have deleted it. */
  async delete(call: UnconditionalCall, object: DiscordObject, signal: AbortSignal): Promise<void> {
    try {
      await this.answer({ ...call, method: 'DELETE', isRepeatable: true }, () => undefined, signal);
    } catch (error) {
      if (!(error instanceof DiscordError && error.mayHaveBeenDone && error.missingObject === object)) throw error;
    }
  }

  private async attemptUntilAnswered<T>(call: DiscordCall, readAnswer: ReadAnswer<T>, signal: AbortSignal): Promise<T> {
    const waits = new LimitWaits(call, this.holds, this.clock);
    let mayHaveBeenDone = false;
    try {
      for (let requests = 0; ;) {
        await waits.pass(signal);
        try {
          return await this.attempt(call, readAnswer, signal);
        } catch (thrown) {
          signal.throwIfAborted();
          const error = discordErrorOf(thrown, call);
          if (!(error instanceof DiscordError)) throw error;
          mayHaveBeenDone ||= error.mayHaveBeenDone;
          // The library's RateLimitError means that it made no request.
          if (!(thrown instanceof RateLimitError)) requests++;
          if (requests === MAX_REQUESTS) throw error;
          await this.prepareRetry(call, error, requests, signal);
        }
      }
    } catch (error) {
      throw mayHaveBeenDone && error instanceof DiscordError ? error.afterUnclearAttempt() : error;
    }
  }

  private async attempt<T>(call: DiscordCall, readAnswer: ReadAnswer<T>, signal: AbortSignal): Promise<T> {
    const { method, path, query, body, files } = call;
    const request = { method: method as RequestMethod, fullRoute: path, query, body, files, signal };
    const send = () => {
      // The library discards a token after a 401.
      this.rest.setToken(this.token.value);
      return this.rest.request(request);
    };
    return readAnswer(await this.limits.request(signal, send));
  }

  /** Waits until a retry is allowed. @throws the error if it must not be retried */
  private async prepareRetry(
    call: DiscordCall,
    error: DiscordError,
    requests: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { failure } = error;
    if (failure.kind === 'rate_limited') return this.holds.add(error.route, failure);
    if (failure.kind !== 'unavailable' || !call.isRepeatable) throw error;
    await this.clock.sleep(growingPause(requests, PAUSES), signal);
  }
}
