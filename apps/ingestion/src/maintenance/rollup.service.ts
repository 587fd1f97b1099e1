import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { StatisticsContract } from '#libs/contracts';
import { Database } from '#libs/database';
import { RollupWorker } from '#libs/statistics';
import { describeError, Logger } from '#libs/observability';
import { Clock, Rounds } from '#libs/timing';

const INTERVAL_MS = 5_000;
const AFTER_FAILURE = { firstMs: 5_000, longestMs: 60_000 };

/** Keeps rollups fresh. Every ingestion instance works at it; which guilds it gets, the locks decide. */
@Injectable()
export class RollupService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly worker: RollupWorker;
  private readonly computed: Counter<'span'>;
  private readonly waiting: Gauge;
  private readonly rounds: Rounds;

  constructor(
    private readonly database: Database,
    dataSource: DataSource,
    contract: StatisticsContract,
    clock: Clock,
    private readonly logger: Logger,
    registry: Registry,
  ) {
    this.worker = new RollupWorker(dataSource, contract);
    this.computed = new Counter({
      name: 'serverstats_rollups_computed_total',
      help: 'Buckets of one kind in one guild whose rollup was computed, by span: quarter (of an hour), day',
      labelNames: ['span'],
      registers: [registry],
    });
    this.waiting = new Gauge({
      name: 'serverstats_rollup_marks',
      help: 'Settled buckets that waited for their rollup at the last look; what grows makes summaries slow, not wrong',
      registers: [registry],
    });
    this.rounds = new Rounds({
      round: (signal) => this.run(signal),
      everyMs: INTERVAL_MS,
      afterFailure: AFTER_FAILURE,
      onFailure: (error, pauseMs) =>
        logger.error({ error: describeError(error), pauseMs }, 'rollups could not be computed, trying again'),
      clock,
    });
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.rounds.stop();
  }

  private async run(signal: AbortSignal): Promise<void> {
    await this.database.connected().catch(() => undefined);
    if (!this.database.isUsable) return; // the service stops
    const { found, buckets, days, failures } = await this.worker.run(Date.now(), signal);
    this.waiting.set(found);
    if (buckets > 0) this.computed.inc({ span: 'quarter' }, buckets);
    if (days > 0) this.computed.inc({ span: 'day' }, days);
    for (const { guildId, error } of failures) {
      const details = { guild: guildId, error: describeError(error) };
      this.logger.error(details, 'the rollups of a guild could not be computed, trying again later');
    }
  }
}
