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

/** Computes stale rollups. It runs in every ingestion instance; locks divide the guilds between the instances. */
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
      help: 'Computed rollups (a bucket of one kind in one guild), by span: quarter (15 minutes), day',
      labelNames: ['span'],
      registers: [registry],
    });
    this.waiting = new Gauge({
      name: 'serverstats_rollup_marks',
      help: 'Settled stale buckets at the last check; if they grow, summaries become slower, not wrong',
      registers: [registry],
    });
    this.rounds = new Rounds({
      round: (signal) => this.run(signal),
      everyMs: INTERVAL_MS,
      afterFailure: AFTER_FAILURE,
      onFailure: (error, pause_ms) => {
        if (database.noteFailure(error)) return;
        logger.error({ error: describeError(error), pause_ms }, 'computing rollups failed, retrying');
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

  private async run(signal: AbortSignal): Promise<void> {
    await this.database.connected().catch(() => undefined);
    if (!this.database.isUsable) return; // the service stops
    const setWaiting = (staleBuckets: number) => this.waiting.set(staleBuckets);
    const { buckets, days, failures } = await this.worker.run(Date.now(), signal, setWaiting);
    if (buckets > 0) this.computed.inc({ span: 'quarter' }, buckets);
    if (days > 0) this.computed.inc({ span: 'day' }, days);
    for (const { guildId: guild_id, error } of failures) {
      if (this.database.noteFailure(error, { guild_id })) continue;
      const details = { guild_id, error: describeError(error) };
      this.logger.error(details, 'computing the rollups of a guild failed, retrying later');
    }
  }
}
