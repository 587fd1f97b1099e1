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
 * In milliseconds. Shorter than the two minutes after which a connection is cut on which nothing moves, with some time
 * for what comes before the erasure.
 */
export const LONGEST_ERASURE_MS = 60_000;

/** How long a request waits for its erasure. */
export class ErasurePatience {
  /** @param ms @defaultValue LONGEST_ERASURE_MS */
  constructor(readonly ms = LONGEST_ERASURE_MS) {}
}

/**
 * Erases for requests. An answer comes when all is erased, which takes a minute for some millions of events; or when
 * that takes too long, and then an erasure that has begun goes on without its request.
 */
@Injectable()
export class GuildEraser implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly eraser: Eraser;
  private readonly stopping = new AbortController();
  /** Also those that were answered. */
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    dataSource: DataSource,
    private readonly database: GuildDatabase,
    private readonly patience: ErasurePatience,
    private readonly logger: Logger,
    @Optional() log?: ErasureLog,
  ) {
    this.eraser = new Eraser(dataSource, undefined, (work) => database.holdForErasure(work), log);
  }

  /** What is not finished now is left to the ingestion service; the requests that wait for it are told. */
  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  /** @returns what was erased @throws DatabaseError, which says whether the erasure goes on */
  eraseMember(guildId: string, userId: string, ids: LogIds): Promise<MemberReferences> {
    return this.inSteps(ids, (options) => this.eraser.eraseMember(guildId, userId, options));
  }

  /** As {@link eraseMember} in several guilds; it begins in all of them or in none. @returns what was erased, by guild */
  eraseMemberIn(guildIds: readonly string[], userId: string, ids: LogIds): Promise<Map<string, MemberReferences>> {
    return this.inSteps(ids, (options) => this.eraser.eraseMemberIn(guildIds, userId, options));
  }

  /** Erases everything of the guild that happened before now. @throws DatabaseError, which says whether it goes on */
  eraseGuild(guildId: string, ids: LogIds): Promise<void> {
    return this.inSteps(ids, (options) => this.eraser.eraseGuild(guildId, options));
  }

  /**
   * As {@link GuildDatabase.change}, for a change that would show what is stored of a guild again: an erasure of the
   * guild that is unfinished is finished first.
   *
   * @throws DatabaseError, and then nothing was changed
   */
  async changeErased<T>(guildId: string, ids: LogIds, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    for (;;) {
      const outcome = await this.database.change(guildId, async (manager) =>
        (await isGuildErasureUnfinished(manager, guildId)) ? undefined : { result: await work(manager) },
      );
      if (outcome !== undefined) return outcome.result;
      await this.inSteps(ids, (options) => this.eraser.finish({ guildId, userId: WHOLE_GUILD }, options));
    }
  }

  /** @param ids of the request, which the erasure may outlive */
  private async inSteps<T>(ids: LogIds, work: (options: ErasureOptions) => Promise<T>): Promise<T> {
    let state: ErasureState = 'waiting';
    let isAnswered = false;
    const givingUp = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, givingUp.signal]);
    const erasing = this.database
      .changeInSteps(() => work({ signal, onState: (now) => (state = now) }))
      .catch((error: unknown) => {
        if (isAnswered && state === 'begun' && !signal.aborted) this.tellFailure(ids, error);
        if (error instanceof ErasureUnfinishedError) throw unfinished(error);
        if (error instanceof ErasureLogError) throw notLogged(error);
        throw signal.aborted ? new DatabaseError(error) : error;
      })
      .finally(() => this.running.delete(erasing));
    this.running.add(erasing);

    try {
      return await withDeadline({ what: 'an erasure', ms: this.patience.ms }, erasing);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      isAnswered = true;
      // Read before the erasure is told to end.
      const reached = state as ErasureState;
      if (reached !== 'begun') givingUp.abort();
      throw reached === 'waiting' ? new DatabaseError(error) : unfinished(error);
    }
  }

  private tellFailure(ids: LogIds, error: unknown): void {
    const cause = error instanceof ErasureUnfinishedError ? error.cause : error;
    this.logger.warn({ ...ids, error: describeError(cause) }, 'an erasure could not go on after its answer');
  }
}

function notLogged(cause: ErasureLogError): ApiError {
  const message =
    'The log of erasures cannot be written, so nothing was erased; the operator has to see to ERASURE_LOG';
  return new ApiError('DatabaseError', message, { cause });
}

function unfinished(cause: Error): ApiError {
  const message = 'The erasure has begun and goes on by itself; the same request waits for its end';
  return new ApiError('DatabaseError', message, { cause });
}
