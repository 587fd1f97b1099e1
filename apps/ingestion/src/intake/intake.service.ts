import { Injectable } from '@nestjs/common';
import { RetentionConfig } from '#libs/config';
import { StatisticsContract } from '#libs/contracts';
import { Logger } from '#libs/observability';
import { EventMetrics } from './event.metrics.js';
import type { EventConsumer } from './event-consumer.js';
import { EventPipeline } from './event-pipeline.js';
import { EventStorer } from './event-storer.service.js';
import { MemoryBudget } from './memory-budget.js';

/** What a transport needs to process events. */
@Injectable()
export class Intake {
  constructor(
    private readonly contract: StatisticsContract,
    private readonly retention: RetentionConfig,
    private readonly storer: EventStorer,
    private readonly metrics: EventMetrics,
    private readonly logger: Logger,
    /** The memory budget of all queues together. */
    readonly memory: MemoryBudget,
  ) {}

  pipelineTo(consumersOf: (contract: StatisticsContract) => readonly EventConsumer[]): EventPipeline {
    const { storer, metrics, logger } = this;
    const { eventDays: retentionDays } = this.retention;
    return new EventPipeline(consumersOf(this.contract), { retentionDays, storer, metrics, logger });
  }
}
