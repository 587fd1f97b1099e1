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
import { dropExpiredClaims, dropExpiredPeriods } from '#libs/statistics';
import { describeError, Logger } from '#libs/observability';
import { Clock, Rounds } from '#libs/timing';

const INTERVAL_MS = 15 * 60_000;
/** A failed round is retried soon, because missing partitions send events to the default partition. */
const AFTER_FAILURE = { firstMs: 10_000, longestMs: INTERVAL_MS };

/** Periodic maintenance of the database. Every ingestion instance runs it; concurrent runs are safe. */
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
      help: 'Rows in the default partition; above 0 means that partitions were not created in time',
      labelNames: ['table'],
      registers: [registry],
    });
    this.rounds = new Rounds({
      round: () => this.run(),
      everyMs: INTERVAL_MS,
      afterFailure: AFTER_FAILURE,
      onFailure: (error, pause_ms) => {
        if (database.noteFailure(error)) return;
        logger.error({ error: describeError(error), pause_ms }, 'database maintenance failed, retrying');
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

  /** @throws Error that names the failed tables, after all tables have been processed */
  private async run(): Promise<void> {
    await this.database.connected();
    const { dataSource } = this.database;
    if (!this.database.isUsable) return; // the service stops
    const { retention } = this;
    const failed: string[] = [];
    const errors: unknown[] = [];
    const run = async (table: string, work: () => Promise<boolean>) => {
      if (!(await work().catch((error: unknown) => this.logFailure(table, error, errors)))) failed.push(table);
    };
    for (const table of partitionedTables(retention)) await run(table.table, () => this.keep(table, errors));
    await run('statistic_claims', () => dropExpiredClaims(dataSource).then(() => true));
    await run('erasure_tombstones', () => dropExpiredTombstones(dataSource.manager).then(() => true));
    await run('collection_periods', () =>
      dropExpiredPeriods(dataSource.manager, retention.summaryDays).then(() => true),
    );
    if (failed.length > 0) throw new AggregateError(errors, `maintenance of ${failed.join(', ')} failed`);
  }

  /** @returns false, which means failure */
  private logFailure(table: string, error: unknown, errors: unknown[]): false {
    errors.push(error);
    if (!this.database.noteFailure(error)) {
      this.logger.error({ table, error: describeError(error) }, 'maintenance of a table failed');
    }
    return false;
  }

  /** @returns whether everything succeeded */
  private async keep(table: PartitionedTable, errors: unknown[]): Promise<boolean> {
    const { dataSource } = this.database;
    const { failures, ...changes } = await keepPartitions(dataSource, table, new Date());
    for (const failure of failures) this.logFailure(table.table, failure, errors);
    if (changes.created.length + changes.dropped.length + changes.busy.length > 0) {
      this.logger.info({ table: table.table, ...changes }, 'partitions changed');
    }
    const rows = await countDefaultPartition(dataSource, table);
    this.defaultPartitionRows.set({ table: table.table }, rows);
    if (rows > 0) this.logger.warn({ table: table.table, rows }, 'rows in the default partition');
    return failures.length === 0;
  }
}
