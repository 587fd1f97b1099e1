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
import { dropExpiredTombstones } from '#libs/erasure';
import { dropExpiredPeriods } from '#libs/statistics';
import { describeError, Logger } from '#libs/observability';
import { Clock, Rounds } from '#libs/timing';

const INTERVAL_MS = 15 * 60_000;
/** A round is tried again before the next would come: partitions that were not made in time are missed. */
const AFTER_FAILURE = { firstMs: 10_000, longestMs: INTERVAL_MS };

/** Upkeep of the database that every ingestion instance does now and then; several at once do no harm. */
@Injectable()
export class MaintenanceService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly defaultPartitionRows: Gauge<'table'>;
  private readonly rounds: Rounds;

  constructor(
    private readonly database: Database,
    private readonly retention: RetentionConfig,
    clock: Clock,
    private readonly logger: Logger,
    registry: Registry,
  ) {
    this.defaultPartitionRows = new Gauge({
      name: 'serverstats_default_partition_rows',
      help: 'Rows without a partition of their own; above 0 means that partitions were not made in time',
      labelNames: ['table'],
      registers: [registry],
    });
    this.rounds = new Rounds({
      round: () => this.run(),
      everyMs: INTERVAL_MS,
      afterFailure: AFTER_FAILURE,
      onFailure: (error, pauseMs) =>
        logger.error({ error: describeError(error), pauseMs }, 'upkeep of the database failed, trying again'),
      clock,
    });
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.rounds.stop();
  }

  /** @throws Error naming the tables that failed, after all others had their upkeep */
  private async run(): Promise<void> {
    await this.database.connected();
    const { dataSource } = this.database;
    if (!this.database.isUsable) return; // the service stops
    const { retention } = this;
    const failed: string[] = [];
    const attempt = async (table: string, work: () => Promise<boolean>) => {
      if (!(await work().catch((error: unknown) => this.tellFailure(table, error)))) failed.push(table);
    };
    for (const table of partitionedTables(retention)) await attempt(table.table, () => this.keep(table));
    await attempt('erasure_tombstones', () => dropExpiredTombstones(dataSource.manager).then(() => true));
    await attempt('collection_periods', () =>
      dropExpiredPeriods(dataSource.manager, retention.summaryDays).then(() => true),
    );
    if (failed.length > 0) throw new Error(`the upkeep of ${failed.join(', ')} failed`);
  }

  /** @returns false, as a failure is */
  private tellFailure(table: string, error: unknown): false {
    this.logger.error({ table, error: describeError(error) }, 'upkeep of a table failed');
    return false;
  }

  /** @returns whether nothing of it failed */
  private async keep(table: PartitionedTable): Promise<boolean> {
    const { dataSource } = this.database;
    const { failures, ...upkeep } = await keepPartitions(dataSource, table, new Date());
    for (const failure of failures) this.tellFailure(table.table, failure);
    if (upkeep.created.length + upkeep.dropped.length + upkeep.busy.length > 0) {
      this.logger.info({ table: table.table, ...upkeep }, 'partitions');
    }
    const rows = await countDefaultPartition(dataSource, table);
    this.defaultPartitionRows.set({ table: table.table }, rows);
    if (rows > 0) this.logger.warn({ table: table.table, rows }, 'rows in the default partition');
    return failures.length === 0;
  }
}
