import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { EventHandover } from '#libs/broker';
import type { QueryConfig } from '#libs/config';
import { StatisticsContract } from '#libs/contracts';
import type { Database } from '#libs/database';
import type { ErasureLog } from '#libs/erasure';
import type { DiscordClient } from '#libs/discord';
import type { Clock } from '#libs/timing';
import { HealthChecks, type Logger } from '#libs/observability';
import { ApiKeyUses } from './api-keys/api-key-uses.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { ApiKeysService } from './api-keys/api-keys.service.js';
import { CounterPanelsController } from './counters/counter-panels.controller.js';
import { CounterPanelsService } from './counters/counter-panels.service.js';
import { PanelChannels } from './counters/panel-channels.service.js';
import { PanelUndo } from './counters/panel-undo.service.js';
import { GuildDatabase } from './database/guild-database.js';
import { GuildEraser, LONGEST_ERASURE_MS } from './database/guild-eraser.js';
import { EventHandoverService } from './events/event-handover.service.js';
import { HealthController } from './health/health.controller.js';
import { ApiExceptionFilter } from './http/api-exception.filter.js';
import { EnvelopeInterceptor } from './http/envelope.interceptor.js';
import { ModuleController } from './activation/activation.controller.js';
import { ModuleService } from './activation/activation.service.js';
import { PrivacyController } from './privacy/privacy.controller.js';
import { MemberExporter } from './privacy/member-exporter.service.js';
import { MemberGuilds } from './privacy/member-guilds.service.js';
import { PrivacyService } from './privacy/privacy.service.js';
import { GuildSettingsReader } from './settings/guild-settings.reader.js';
import { SettingsController } from './settings/settings.controller.js';
import { SettingsService } from './settings/settings.service.js';
import { StarboardController } from './starboard/starboard.controller.js';
import { StarboardService } from './starboard/starboard.service.js';
import { CollectionReader } from './statistics/collection/collection-reader.service.js';
import { CollectionController } from './statistics/collection/collection.controller.js';
import { EventHorizonReader } from './statistics/event-horizon.reader.js';
import { statisticControllers } from './statistics/statistic-controllers.js';
import { StatisticsExporter } from './statistics/export/statistics-exporter.service.js';
import { StatisticsRecorder } from './statistics/statistics-recorder.service.js';
import { StatisticsViewer } from './statistics/statistics-viewer.service.js';
import { OverviewController } from './statistics/summary/overview.controller.js';
import { StatisticsSummarizer } from './statistics/summary/statistics-summarizer.service.js';
import { CLOCK, DISCORD, ERASURE_LOG, ERASURE_PATIENCE_MS, EVENT_HANDOVER, LOGGER, QUERY_CONFIG } from './tokens.js';

/** What is made before Nest is, and outlives it. */
export interface QueryParts {
  config: QueryConfig;
  contract: StatisticsContract;
  database: Database;
  handover: EventHandover;
  /** Null without a token. */
  discord: DiscordClient | null;
  /** What everything that has to do with Discord goes by. */
  clock: Clock;
  registry: Registry;
  logger: Logger;
  erasureLog?: ErasureLog;
  /** @defaultValue LONGEST_ERASURE_MS */
  erasurePatienceMs?: number;
}

/** What the checks before Nest use too. */
export interface SharedParts {
  guildDatabase: GuildDatabase;
  apiKeyUses: ApiKeyUses;
}

@Module({})
export class QueryModule {
  static with(parts: QueryParts, { guildDatabase, apiKeyUses }: SharedParts): DynamicModule {
    const { config, contract, database, handover, discord, clock, registry, logger, erasureLog, erasurePatienceMs } =
      parts;
    const health = new HealthChecks({
      database: { probe: () => database.probe(), whenFailing: 'failed' },
      // Reads work without the broker.
      rabbitmq: { probe: () => handover.probe(), whenFailing: 'degraded' },
      ...(discord && { discord: { probe: () => discord.probe(), whenFailing: 'degraded' as const } }),
    });
    return {
      module: QueryModule,
      controllers: [
        HealthController,
        ModuleController,
        SettingsController,
        ...statisticControllers(contract),
        OverviewController,
        CollectionController,
        StarboardController,
        CounterPanelsController,
        PrivacyController,
        ApiKeysController,
      ],
      providers: [
        { provide: QUERY_CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: DISCORD, useValue: discord },
        { provide: CLOCK, useValue: clock },
        { provide: ERASURE_LOG, useValue: erasureLog ?? null },
        { provide: ERASURE_PATIENCE_MS, useValue: erasurePatienceMs ?? LONGEST_ERASURE_MS },
        { provide: EVENT_HANDOVER, useValue: handover },
        { provide: StatisticsContract, useValue: contract },
        { provide: DataSource, useValue: database.dataSource },
        { provide: GuildDatabase, useValue: guildDatabase },
        { provide: ApiKeyUses, useValue: apiKeyUses },
        { provide: HealthChecks, useValue: health },
        { provide: Registry, useValue: registry },
        { provide: APP_FILTER, useValue: new ApiExceptionFilter(logger) },
        { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
        GuildEraser,
        GuildSettingsReader,
        EventHandoverService,
        ModuleService,
        SettingsService,
        EventHorizonReader,
        StatisticsRecorder,
        StatisticsViewer,
        StatisticsSummarizer,
        StatisticsExporter,
        CollectionReader,
        StarboardService,
        CounterPanelsService,
        PanelChannels,
        PanelUndo,
        PrivacyService,
        MemberGuilds,
        MemberExporter,
        ApiKeysService,
      ],
    };
  }
}
