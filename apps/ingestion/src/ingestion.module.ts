import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { IngestionConfig } from '#libs/config';
import { StatisticsContract } from '#libs/contracts';
import { Database } from '#libs/database';
import { Eraser, type ErasureLog } from '#libs/erasure';
import type { DiscordClient } from '#libs/discord';
import type { Clock } from '#libs/timing';
import { HealthChecks } from '#libs/observability';
import { CounterPanelMetrics } from './counters/counter-panel-metrics.js';
import { CounterPanelWorker } from './counters/counter-panel-worker.service.js';
import { DeletedChannelsService } from './guilds/deleted-channels.service.js';
import { GuildDeletionService } from './guilds/guild-deletion.service.js';
import { GuildEventsService } from './guilds/guild-events.service.js';
import { GuildSnapshotsWriter } from './guilds/guild-snapshots.writer.js';
import { GuildsConsumer } from './guilds/guilds.consumer.js';
import { HealthController } from './health/health.controller.js';
import { ErasureService } from './maintenance/erasure.service.js';
import { MaintenanceService } from './maintenance/maintenance.service.js';
import { RollupService } from './maintenance/rollup.service.js';
import { EventIsolator } from './intake/event-isolator.js';
import { EventMetrics } from './intake/event-metrics.js';
import { EventReader } from './intake/event-reader.js';
import { QueueHandlers } from './intake/queue-handlers.js';
import { EntryImages } from './starboard/entry-image.service.js';
import { StarEventsService } from './starboard/star-events.service.js';
import { StarboardConsumer } from './starboard/starboard.consumer.js';
import { StarboardEntries } from './starboard/starboard-entries.queries.js';
import { StarboardMetrics } from './starboard/starboard-metrics.js';
import { StarboardProblems } from './starboard/starboard-problems.queries.js';
import { StarboardTasks } from './starboard/starboard-tasks.queries.js';
import { StarboardWorker } from './starboard/starboard-worker.service.js';
import { TaskRunner } from './starboard/task-runner.service.js';
import { StatisticsConsumer } from './statistics/statistics.consumer.js';
import { StatisticsService } from './statistics/statistics.service.js';
import { StatisticsWriter } from './statistics/statistics.writer.js';
import { CLOCK, DISCORD, INGESTION_CONFIG, LOGGER } from './tokens.js';

/** What is made before Nest is, and outlives it. */
export interface IngestionParts {
  config: IngestionConfig;
  contract: StatisticsContract;
  database: Database;
  /** Null without a token. */
  discord: DiscordClient | null;
  /** What everything that waits for Discord goes by. */
  clock: Clock;
  erasureLog?: ErasureLog;
  health: HealthChecks;
  registry: Registry;
  logger: Logger;
}

@Module({})
export class IngestionModule {
  static with(parts: IngestionParts): DynamicModule {
    return {
      module: IngestionModule,
      controllers: [StatisticsConsumer, StarboardConsumer, GuildsConsumer, HealthController],
      providers: [
        { provide: INGESTION_CONFIG, useValue: parts.config },
        { provide: LOGGER, useValue: parts.logger },
        { provide: StatisticsContract, useValue: parts.contract },
        { provide: Database, useValue: parts.database },
        { provide: DataSource, useValue: parts.database.dataSource },
        { provide: DISCORD, useValue: parts.discord },
        { provide: CLOCK, useValue: parts.clock },
        { provide: Eraser, useValue: new Eraser(parts.database.dataSource, undefined, undefined, parts.erasureLog) },
        { provide: HealthChecks, useValue: parts.health },
        { provide: Registry, useValue: parts.registry },
        EventMetrics,
        EventIsolator,
        EventReader,
        QueueHandlers,
        StatisticsService,
        StatisticsWriter,
        GuildEventsService,
        GuildSnapshotsWriter,
        GuildDeletionService,
        DeletedChannelsService,
        CounterPanelMetrics,
        CounterPanelWorker,
        StarEventsService,
        StarboardTasks,
        StarboardEntries,
        StarboardProblems,
        StarboardMetrics,
        EntryImages,
        TaskRunner,
        StarboardWorker,
        MaintenanceService,
        ErasureService,
        RollupService,
      ],
    };
  }
}
