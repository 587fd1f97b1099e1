import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { RetentionConfig } from '#libs/config';
import {
  countDefaultPartition,
  Database,
  keepPartitions,
  partitionedTables,
  type PartitionedTable,
} from '#libs/database';
import { dropSpentTombstones } from '#libs/erasure';
import { dropSpentPeriods } from '#libs/statistics';
import { describeError, Logger } from '#libs/observability';

const INTERVAL_MS = 15 * 60_000;

/** Upkeep of the database that every ingestion instance does now and then; several at once do no harm. */
@Injectable()
export class MaintenanceService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly defaultPartitionRows: Gauge<'table'>;
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;

  constructor(
    private readonly database: Database,
    private readonly retention: RetentionConfig,
    private readonly logger: Logger,
    registry: Registry,
  ) {
    this.defaultPartitionRows = new Gauge({
      name: 'serverstats_default_partition_rows',
      help: 'Rows without a partition of their own; above 0 means that partitions were not made in time',
      labelNames: ['table'],
      registers: [registry],
    });
  }

  onApplicationBootstrap(): void {
    this.start();
    this.timer = setInterval(() => this.start(), INTERVAL_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private start(): void {
    this.running ??= this.run()
      .catch((error: Error) => this.logger.error({ error: describeError(error) }, 'upkeep of the database failed'))
      .finally(() => (this.running = undefined));
  }

  private async run(): Promise<void> {
    await this.database.connected();
    const { dataSource } = this.database;
    if (!this.database.isUsable) return; // the service stops
    const { retention } = this;
    for (const table of partitionedTables(retention)) await this.attempt(table.table, () => this.keep(table));
    await this.attempt('erasure_tombstones', () => dropSpentTombstones(dataSource.manager));
    await this.attempt('collection_periods', () => dropSpentPeriods(dataSource.manager, retention.summaryDays));
  }

  /** A table that fails keeps no other from its upkeep. */
  private async attempt(table: string, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => this.tellFailure(table, error));
  }

  private tellFailure(table: string, error: unknown): void {
    this.logger.error({ table, error: describeError(error) }, 'upkeep of a table failed, trying again later');
  }

  private async keep(table: PartitionedTable): Promise<void> {
    const { dataSource } = this.database;
    const { failures, ...upkeep } = await keepPartitions(dataSource, table, new Date());
    for (const failure of failures) this.tellFailure(table.table, failure);
    if (upkeep.created.length + upkeep.dropped.length + upkeep.busy.length > 0) {
      this.logger.info({ table: table.table, ...upkeep }, 'partitions');
    }
    const rows = await countDefaultPartition(dataSource, table);
    this.defaultPartitionRows.set({ table: table.table }, rows);
    if (rows > 0) this.logger.warn({ table: table.table, rows }, 'rows in the default partition');
  }
}
