import { Injectable, Optional, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import {
  Eraser,
  ErasureLogError,
  ErasureUnfinishedError,
  isGuildErasureUnfinished,
  WHOLE_GUILD,
  ErasureLog,
  type ErasureOptions,
  type ErasureState,
  type MemberReferences,
} from '#libs/erasure';
import { describeError, Logger, type LogIds } from '#libs/observability';
import { DeadlineError, withDeadline } from '#libs/timing';
import { ApiError, DatabaseError } from '../http/api-error.js';
import { GuildDatabase } from './guild-database.js';

/**
 * In milliseconds. Shorter than the two minutes after which an idle HTTP connection is closed, with some time left for
 * what happens before the erasure.
 */
export const ERASURE_TIMEOUT_MS = 60_000;

/** How long a request waits for its erasure to finish. */
export class ErasureTimeout {
  /** @param ms @defaultValue ERASURE_TIMEOUT_MS */
  constructor(readonly ms = ERASURE_TIMEOUT_MS) {}
}

/**
 * Runs the erasures of requests. A request waits until everything is erased, which takes about a minute for some
 * millions of events. If that takes longer than the timeout, the request fails, and an erasure that has begun continues
 * in the background.
 */
@Injectable()
export class GuildEraser implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly eraser: Eraser;
  private readonly stopping = new AbortController();
  /** Includes erasures whose requests have timed out. */
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    dataSource: DataSource,
    private readonly database: GuildDatabase,
    private readonly timeout: ErasureTimeout,
    private readonly logger: Logger,
    @Optional() log?: ErasureLog,
  ) {
    this.eraser = new Eraser(dataSource, undefined, (work) => database.holdForErasure(work), log);
  }

  /**
   * Stops unfinished erasures, which the ingestion service then finishes, and fails the requests that wait for them.
   */
  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  /** @returns what was erased @throws DatabaseError, whose message says whether the erasure continues */
  eraseMember(guildId: string, userId: string, ids: LogIds): Promise<MemberReferences> {
    return this.runErasure(ids, (options) => this.eraser.eraseMember(guildId, userId, options));
  }

  /** {@link eraseMember} for several guilds. It begins in all of them or in none. @returns what was erased, by guild */
  eraseMemberIn(guildIds: readonly string[], userId: string, ids: LogIds): Promise<Map<string, MemberReferences>> {
    return this.runErasure(ids, (options) => this.eraser.eraseMemberIn(guildIds, userId, options));
  }

  /** Erases all data of the guild up to now. @throws DatabaseError, whose message says whether the erasure continues */
  eraseGuild(guildId: string, ids: LogIds): Promise<void> {
    return this.runErasure(ids, (options) => this.eraser.eraseGuild(guildId, options));
  }

  /**
   * {@link GuildDatabase.change} for a change that makes a guild's data visible again: finishes an unfinished erasure
   * of the guild first.
   *
   * @throws DatabaseError; then nothing was changed
   */
  async changeAfterErasure<T>(guildId: string, ids: LogIds, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    for (;;) {
      const outcome = await this.database.change(guildId, async (manager) =>
        (await isGuildErasureUnfinished(manager, guildId)) ? undefined : { result: await work(manager) },
      );
      if (outcome !== undefined) return outcome.result;
      await this.runErasure(ids, (options) => this.eraser.finish({ guildId, userId: WHOLE_GUILD }, options));
    }
  }

  /** @param ids of the request, for the log; the erasure may continue after the request */
  private async runErasure<T>(ids: LogIds, work: (options: ErasureOptions) => Promise<T>): Promise<T> {
    let state: ErasureState = 'waiting';
    let isAnswered = false;
    const givingUp = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, givingUp.signal]);
    const erasing = this.database
      .changeInSteps(() => work({ signal, onState: (now) => (state = now) }))
      .catch((error: unknown) => {
        if (isAnswered && state === 'started' && !signal.aborted) this.logFailure(ids, error);
        if (error instanceof ErasureUnfinishedError) throw unfinished(error);
        if (error instanceof ErasureLogError) throw notLogged(error);
        throw signal.aborted ? new DatabaseError(error) : error;
      })
      .finally(() => this.running.delete(erasing));
    this.running.add(erasing);

    try {
      return await withDeadline({ what: 'an erasure', ms: this.timeout.ms }, erasing);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      isAnswered = true;
      // Read the state before the abort below changes it.
      const reached = state as ErasureState;
      if (reached !== 'started') givingUp.abort();
      throw reached === 'waiting' ? new DatabaseError(error) : unfinished(error);
    }
  }

  private logFailure(ids: LogIds, error: unknown): void {
    const cause = error instanceof ErasureUnfinishedError ? error.cause : error;
    this.logger.warn({ ...ids, error: describeError(cause) }, 'an erasure failed after its request had timed out');
  }
}

function notLogged(cause: ErasureLogError): ApiError {
  const message = 'The erasure log cannot be written, so nothing was erased. The operator must check ERASURE_LOG';
  return new ApiError('DatabaseError', message, { cause });
}

function unfinished(cause: Error): ApiError {
  const message = 'The erasure has begun and continues in the background. Repeat the request to wait for it to finish';
  return new ApiError('DatabaseError', message, { cause });
}
