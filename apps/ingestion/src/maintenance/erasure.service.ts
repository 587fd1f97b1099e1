import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { Database } from '#libs/database';
import { Eraser, listErasureJobs } from '#libs/erasure';
import { describeError, Logger } from '#libs/observability';

const INTERVAL_MS = 60_000;

/**
 * Finishes erasures: those that `guild.deleted` begins here, and those whose process died. Every ingestion instance
 * looks for them soon after its start and every minute; which one works on an erasure, the erasure lock decides.
 */
@Injectable()
export class ErasureService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly unfinished: Gauge;
  private readonly stopping = new AbortController();
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;
  private isWanted = false;

  constructor(
    private readonly database: Database,
    private readonly dataSource: DataSource,
    private readonly eraser: Eraser,
    private readonly logger: Logger,
    registry: Registry,
  ) {
    this.unfinished = new Gauge({
      name: 'serverstats_unfinished_erasures',
      help: 'Erasures that were begun and not finished at the last look, also those that somebody is working on',
      registers: [registry],
    });
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.wake(), INTERVAL_MS);
    this.database.connected().then(
      () => this.wake(),
      () => undefined, // the service does not start then
    );
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.running;
  }

  /** Looks for unfinished erasures at once; when it is at it, once more after that. */
  wake(): void {
    this.isWanted = true;
    this.running ??= this.run()
      .catch((error: Error) => this.tellFailure(error))
      .finally(() => (this.running = undefined));
  }

  private async run(): Promise<void> {
    while (this.isWanted && this.database.isUsable && !this.stopping.signal.aborted) {
      this.isWanted = false;
      const finished = await this.eraser.finishAll(this.stopping.signal, (error, { guildId }) =>
        this.tellFailure(error, guildId),
      );
      if (finished > 0) this.logger.info({ finished }, 'erasures finished');
      this.unfinished.set((await listErasureJobs(this.dataSource.manager)).length);
    }
  }

  private tellFailure(error: Error, guild?: string): void {
    this.logger.error({ guild, error: describeError(error) }, 'an erasure could not be finished, trying again');
  }
}
