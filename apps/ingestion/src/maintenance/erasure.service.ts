import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { Database } from '#libs/database';
import { Eraser, listErasureJobs } from '#libs/erasure';
import { describeError, Logger } from '#libs/observability';
import { Clock, Rounds } from '#libs/timing';

const INTERVAL_MS = 60_000;
const AFTER_FAILURE = { firstMs: 5_000, longestMs: 5 * 60_000 };

/**
 * Finishes erasures: those that `guild.deleted` begins here, and those whose process died. Every ingestion instance
 * looks for them soon after its start and every minute; which one works on an erasure, the erasure lock decides. An
 * erasure that fails is left alone for a pause that grows.
 */
@Injectable()
export class ErasureService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly unfinished: Gauge;
  private readonly rounds: Rounds;

  constructor(
    private readonly database: Database,
    private readonly dataSource: DataSource,
    private readonly eraser: Eraser,
    private readonly clock: Clock,
    private readonly logger: Logger,
    registry: Registry,
  ) {
    this.unfinished = new Gauge({
      name: 'serverstats_unfinished_erasures',
      help: 'Erasures that were begun and not finished at the last look, also those that somebody is working on',
      registers: [registry],
    });
    this.rounds = new Rounds({
      round: (signal) => this.run(signal),
      everyMs: INTERVAL_MS,
      afterFailure: AFTER_FAILURE,
      onFailure: (error, pause_ms) => {
        if (database.noteFailure(error)) return;
        logger.error({ error: describeError(error), pause_ms }, 'unfinished erasures could not be read, trying again');
      },
      clock,
    });
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.rounds.stop();
  }

  /** Looks for unfinished erasures at once; when it is at it, once more after that. */
  wake(): void {
    this.rounds.wake();
  }

  private async run(signal: AbortSignal): Promise<void> {
    await this.database.connected().catch(() => undefined);
    if (!this.database.isUsable) return; // the service stops
    const tellFailure = (error: Error, { guildId }: { guildId: string }) => this.tellFailure(error, guildId);
    const finished = await this.eraser.finishAll(signal, tellFailure, this.clock.now());
    if (finished > 0) this.logger.info({ finished }, 'erasures finished');
    this.unfinished.set((await listErasureJobs(this.dataSource.manager)).length);
  }

  private tellFailure(error: unknown, guild_id: string): void {
    if (this.database.noteFailure(error, { guild_id })) return;
    const details = { guild_id, error: describeError(error) };
    this.logger.error(details, 'an erasure could not be finished, trying again later');
  }
}
