import { Global, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { RetentionConfig, type IngestionConfig } from '#libs/config';
import { CounterTypes, StatisticsContract } from '#libs/contracts';
import { Database } from '#libs/database';
import { DiscordClient } from '#libs/discord';
import { Eraser, type ErasureLog } from '#libs/erasure';
import { HealthChecks, Logger } from '#libs/observability';
import { Clock } from '#libs/timing';

/** Objects that are created before the Nest application and closed after it. */
export interface ServiceParts {
  config: IngestionConfig;
  contract: StatisticsContract;
  counterTypes: CounterTypes;
  database: Database;
  /** Undefined without a token. Classes that use Discord inject it as optional. */
  discord?: DiscordClient;
  /** The clock of everything that waits for Discord. */
  clock: Clock;
  erasureLog?: ErasureLog;
  health: HealthChecks;
  registry: Registry;
  logger: Logger;
}

/** Provides the parts to every module, by class. */
@Global()
@Module({})
export class ServicePartsModule {
  static with(parts: ServiceParts): DynamicModule {
    const { dataSource } = parts.database;
    const providers: Provider[] = [
      { provide: RetentionConfig, useValue: parts.config.retention },
      { provide: StatisticsContract, useValue: parts.contract },
      { provide: CounterTypes, useValue: parts.counterTypes },
      { provide: Database, useValue: parts.database },
      { provide: DataSource, useValue: dataSource },
      { provide: Clock, useValue: parts.clock },
      { provide: Eraser, useValue: new Eraser(dataSource, undefined, undefined, parts.erasureLog) },
      { provide: HealthChecks, useValue: parts.health },
      { provide: Registry, useValue: parts.registry },
      { provide: Logger, useValue: parts.logger },
    ];
    if (parts.discord !== undefined) providers.push({ provide: DiscordClient, useValue: parts.discord });
    return { module: ServicePartsModule, providers, exports: providers };
  }
}
