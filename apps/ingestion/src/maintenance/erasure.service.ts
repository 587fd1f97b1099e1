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
 * Finishes erasures that `guild.deleted` has started and those of crashed processes. Every ingestion instance checks
 * for them at its start and every minute. The erasure lock lets one instance at a time work on an erasure. An erasure
 * that fails is retried after a growing back-off.
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
      help: 'Unfinished erasures at the last check, including those in progress',
      registers: [registry],
    });
    this.rounds = new Rounds({
      round: (signal) => this.run(signal),
      everyMs: INTERVAL_MS,
      afterFailure: AFTER_FAILURE,
      onFailure: (error, pause_ms) => {
        if (database.noteFailure(error)) return;
        logger.error({ error: describeError(error), pause_ms }, 'reading unfinished erasures failed, retrying');
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

  /** Checks for unfinished erasures now. If a check is running, another one follows it. */
  wake(): void {
    this.rounds.wake();
  }

  private async run(signal: AbortSignal): Promise<void> {
    await this.database.connected().catch(() => undefined);
    if (!this.database.isUsable) return; // the service stops
    const onFailure = (error: Error, { guildId }: { guildId: string }) => this.logFailure(error, guildId);
    const finished = await this.eraser.finishAll(signal, onFailure, this.clock.now());
    if (finished > 0) this.logger.info({ finished }, 'erasures finished');
    this.unfinished.set((await listErasureJobs(this.dataSource.manager)).length);
  }

  private logFailure(error: unknown, guild_id: string): void {
    if (this.database.noteFailure(error, { guild_id })) return;
    const details = { guild_id, error: describeError(error) };
    this.logger.error(details, 'an erasure failed, retrying later');
  }
}
