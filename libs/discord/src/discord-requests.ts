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

/** Requests of one call that Discord gets at most. */
const ATTEMPTS = 4;
const PAUSES = { firstMs: 250, longestMs: 1_000 };

type UnconditionalCall = Omit<DiscordCall, 'method' | 'isRepeatable'>;
type ReadAnswer<T> = (answer: unknown) => T;

/**
 * Calls Discord until there is an answer or no hope: waits for limits that end soon, tries again what may be tried
 * again, and makes one request in some minutes while Discord does not accept the token.
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

  /** False while Discord answers 401; one request is made in some minutes then. */
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

  /** Resolves, too, when the object is missing after an attempt that may have deleted it. */
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
          // The library's own RateLimitError means that it made no request.
          if (!(thrown instanceof RateLimitError)) requests++;
          if (requests === ATTEMPTS) throw error;
          await this.prepareToRepeat(call, error, requests, signal);
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
      // The library forgets a token that was refused.
      this.rest.setToken(this.token.value);
      return this.rest.request(request);
    };
    return readAnswer(await this.limits.request(signal, send));
  }

  /** @throws the error, when it is final */
  private async prepareToRepeat(
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
