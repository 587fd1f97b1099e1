import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { EventHandover } from '#libs/broker';
import { RetentionConfig, type QueryConfig } from '#libs/config';
import { CounterTypes, StatisticsContract } from '#libs/contracts';
import { Database } from '#libs/database';
import { DiscordClient } from '#libs/discord';
import { ErasureLog } from '#libs/erasure';
import { Logger } from '#libs/observability';
import { Clock } from '#libs/timing';
import { ErasurePatience } from './database/guild-eraser.js';

/** What is made before Nest is, and outlives it. */
export interface ServiceParts {
  config: QueryConfig;
  contract: StatisticsContract;
  counterTypes: CounterTypes;
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

/** Injects the parts of the service everywhere, by their classes. */
@Global()
@Module({})
export class ServicePartsModule {
  static with(parts: ServiceParts): DynamicModule {
    const providers = [
      { provide: RetentionConfig, useValue: parts.config.retention },
      { provide: StatisticsContract, useValue: parts.contract },
      { provide: CounterTypes, useValue: parts.counterTypes },
      { provide: Database, useValue: parts.database },
      { provide: DataSource, useValue: parts.database.dataSource },
      { provide: EventHandover, useValue: parts.handover },
      { provide: DiscordClient, useValue: parts.discord },
      { provide: Clock, useValue: parts.clock },
      { provide: Registry, useValue: parts.registry },
      { provide: Logger, useValue: parts.logger },
      { provide: ErasureLog, useValue: parts.erasureLog ?? null },
      { provide: ErasurePatience, useValue: new ErasurePatience(parts.erasurePatienceMs) },
    ];
    return { module: ServicePartsModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
