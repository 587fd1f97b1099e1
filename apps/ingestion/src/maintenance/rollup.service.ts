import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { StatisticsContract } from '#libs/contracts';
import { Database } from '#libs/database';
import { RollupWorker } from '#libs/statistics';
import { describeError, Logger } from '#libs/observability';

const INTERVAL_MS = 5_000;

/** Keeps rollups fresh. Every ingestion instance works at it; which guilds it gets, the locks decide. */
@Injectable()
export class RollupService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly worker: RollupWorker;
  private readonly computed: Counter<'span'>;
  private readonly waiting: Gauge;
  private readonly stopping = new AbortController();
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;

  constructor(
    private readonly database: Database,
    dataSource: DataSource,
    contract: StatisticsContract,
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
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.start(), INTERVAL_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.running;
  }

  private start(): void {
    if (!this.database.isUsable) return;
    this.running ??= this.run()
      .catch((error: Error) =>
        this.logger.error({ error: describeError(error) }, 'rollups could not be computed, trying again'),
      )
      .finally(() => (this.running = undefined));
  }

  private async run(): Promise<void> {
    const { found, quarters, days, failures } = await this.worker.run(Date.now(), this.stopping.signal);
    this.waiting.set(found);
    if (quarters > 0) this.computed.inc({ span: 'quarter' }, quarters);
    if (days > 0) this.computed.inc({ span: 'day' }, days);
    for (const { guildId, error } of failures) {
      const details = { guild: guildId, error: describeError(error) };
      this.logger.error(details, 'the rollups of a guild could not be computed, trying again later');
    }
  }
}
