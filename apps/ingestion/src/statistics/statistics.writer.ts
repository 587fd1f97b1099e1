import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { StatisticsContract, type StatisticEvent } from '#libs/contracts';
import { SQLSTATE, sqlState } from '#libs/database';
import { copyEvents } from './copy-events.js';
import { kindArrays, type KindArrays } from './event-statements.js';
import { insertEvents } from './insert-events.js';
import { StatisticsMetrics } from './statistics.metrics.js';
import { together, type WriteOutcome } from './write-outcome.js';
import { WritePath } from './write-path.js';

/**
 * After these errors of COPY, the batch is inserted, which skips duplicates and gives the SQLSTATE that Citus omits.
 */
const RETRIED_BY_INSERT: readonly (string | undefined)[] = [SQLSTATE.uniqueViolation, SQLSTATE.internalError];

/** Writes statistic events exactly once, if the guild's current settings and tombstones allow it. */
@Injectable()
export class StatisticsWriter {
  private readonly path = new WritePath();
  /** Made when they are needed, because the database gives some kinds their numbers. */
  private kinds?: KindArrays;

  constructor(
    private readonly dataSource: DataSource,
    private readonly contract: StatisticsContract,
    private readonly metrics: StatisticsMetrics,
  ) {}

  /** Writes all events in one transaction, or none. @throws the database's error */
  async write(events: readonly StatisticEvent[]): Promise<WriteOutcome> {
    return (await this.tryCopy(events)) ?? this.insert(events);
  }

  /** @returns undefined if the events have to be inserted */
  private async tryCopy(events: readonly StatisticEvent[]): Promise<WriteOutcome | undefined> {
    if (!this.path.isCopy) return undefined;
    try {
      const outcome = together(await copyEvents(this.dataSource, events, this.kindArrays));
      this.path.copied();
      this.metrics.countBatch('copy');
      return outcome;
    } catch (error) {
      if (!RETRIED_BY_INSERT.includes(sqlState(error))) throw error;
      this.path.copyFoundDuplicate();
      return undefined;
    }
  }

  private async insert(events: readonly StatisticEvent[]): Promise<WriteOutcome> {
    const outcome = await insertEvents(this.dataSource, events, this.kindArrays);
    this.path.inserted(outcome.plain.duplicate);
    this.metrics.countBatch('insert');
    return together(outcome);
  }

  private get kindArrays(): KindArrays {
    return (this.kinds ??= kindArrays(this.contract));
  }
}
