import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { StatisticsContract, type StatisticEvent } from '#libs/contracts';
import { SQLSTATE, sqlState } from '#libs/database';
import { copyEvents } from './copy-events.js';
import { insertEvents, kindArrays, type KindArrays } from './insert-events.js';
import { StatisticsMetrics } from './statistics.metrics.js';
import type { WriteOutcome } from './write-outcome.js';
import { WritePath } from './write-path.js';

/** After these the careful way is taken, which passes over duplicates, and tells what Citus does not say of a COPY. */
const COPY_MAY_BE_AT_FAULT: readonly (string | undefined)[] = [SQLSTATE.uniqueViolation, SQLSTATE.internalError];

/** Writes statistic events: each once, and only as the guild's settings and erasures allow at that moment. */
@Injectable()
export class StatisticsWriter {
  private readonly path = new WritePath();
  private readonly kinds: KindArrays;

  constructor(
    private readonly dataSource: DataSource,
    contract: StatisticsContract,
    private readonly metrics: StatisticsMetrics,
  ) {
    this.kinds = kindArrays(contract);
  }

  /** Writes all events in one transaction, or none. @throws the database's error */
  async write(events: readonly StatisticEvent[]): Promise<WriteOutcome> {
    return (await this.tryCopy(events)) ?? this.insert(events);
  }

  /** @returns undefined when the events must be inserted with care */
  private async tryCopy(events: readonly StatisticEvent[]): Promise<WriteOutcome | undefined> {
    if (!this.path.isCopy) return undefined;
    try {
      const outcome = await copyEvents(this.dataSource, events);
      this.path.copied();
      this.metrics.countBatch('copy');
      return outcome;
    } catch (error) {
      if (!COPY_MAY_BE_AT_FAULT.includes(sqlState(error))) throw error;
      this.path.copyFoundDuplicate();
      return undefined;
    }
  }

  private async insert(events: readonly StatisticEvent[]): Promise<WriteOutcome> {
    const outcome = await insertEvents(this.dataSource, events, this.kinds);
    this.path.inserted(outcome.duplicate);
    this.metrics.countBatch('insert');
    return outcome;
  }
}
