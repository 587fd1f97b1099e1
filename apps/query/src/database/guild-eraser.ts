import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import pLimit, { type LimitFunction } from 'p-limit';
import { DataSource, type EntityManager } from 'typeorm';
import type { QueryConfig } from '#libs/config';
import {
  Eraser,
  ErasureUnfinishedError,
  isGuildErasureUnfinished,
  WHOLE_GUILD,
  type MemberReferences,
} from '#libs/database';
import { ApiError, DatabaseError } from '../http/api-error.js';
import { QUERY_CONFIG } from '../tokens.js';
import { GuildDatabase } from './guild-database.js';

/** Erases for requests. An answer comes when all is erased, which takes a minute for some millions of events. */
@Injectable()
export class GuildEraser implements BeforeApplicationShutdown {
  private readonly eraser: Eraser;
  private readonly atOnce: LimitFunction;
  private readonly stopping = new AbortController();

  constructor(
    dataSource: DataSource,
    private readonly database: GuildDatabase,
    @Inject(QUERY_CONFIG) config: QueryConfig,
  ) {
    this.eraser = new Eraser(dataSource);
    // Each holds a connection from its beginning to its end.
    this.atOnce = pLimit(Math.max(1, config.database.poolSize >> 1));
  }

  /** What is not finished now is left to the ingestion service; the requests that wait for it are told. */
  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** @returns what was erased @throws DatabaseError, which says whether the erasure goes on */
  eraseMember(guildId: string, userId: string): Promise<MemberReferences> {
    return this.inSteps((signal) => this.eraser.eraseMember(guildId, userId, signal));
  }

  /** Erases everything of the guild that happened before now. @throws DatabaseError, which says whether it goes on */
  eraseGuild(guildId: string): Promise<void> {
    return this.inSteps((signal) => this.eraser.eraseGuild(guildId, signal));
  }

  /**
   * As {@link GuildDatabase.change}, for a change that would show what is stored of a guild again: an erasure of the
   * guild that is unfinished is finished first.
   *
   * @throws DatabaseError, and then nothing was changed
   */
  async changeErased<T>(guildId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    for (;;) {
      const outcome = await this.database.change(guildId, async (manager) =>
        (await isGuildErasureUnfinished(manager, guildId)) ? undefined : { result: await work(manager) },
      );
      if (outcome !== undefined) return outcome.result;
      await this.inSteps((signal) => this.eraser.finish({ guildId, userId: WHOLE_GUILD }, signal));
    }
  }

  private inSteps<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.stopping;
    return this.atOnce(() =>
      this.database
        .changeInSteps(() => work(signal))
        .catch((error: unknown) => {
          if (error instanceof ErasureUnfinishedError) throw unfinished(error);
          throw signal.aborted ? new DatabaseError(error) : error;
        }),
    );
  }
}

function unfinished(cause: ErasureUnfinishedError): ApiError {
  const message = 'The erasure has begun and goes on by itself; the same request waits for its end';
  return new ApiError('DatabaseError', message, { cause });
}
