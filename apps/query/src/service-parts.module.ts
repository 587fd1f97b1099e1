import { Global, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { EventHandover } from '#libs/broker';
import { RetentionConfig, type QueryConfig } from '#libs/config';
import { CounterTypes, StatisticsContract } from '#libs/contracts';
import { Database } from '#libs/database';
import { DiscordClient, DiscordLogin } from '#libs/discord';
import { ErasureLog } from '#libs/erasure';
import { Logger } from '#libs/observability';
import { Clock } from '#libs/timing';
import { ErasureTimeout } from './database/guild-eraser.js';
import { Outages } from './http/outages.js';

/** Objects that are created before the Nest application and closed after it. */
export interface ServiceParts {
  config: QueryConfig;
  contract: StatisticsContract;
  counterTypes: CounterTypes;
  database: Database;
  handover: EventHandover;
  /** Undefined if DISCORD_TOKEN is not set, so it must be injected as optional. */
  discord?: DiscordClient;
  /** Undefined if login with Discord is not configured, so it must be injected as optional. */
  discordLogin?: DiscordLogin;
  /** The clock for everything that concerns Discord. */
  clock: Clock;
  registry: Registry;
  logger: Logger;
  outages: Outages;
  erasureLog?: ErasureLog;
  /** @defaultValue ERASURE_TIMEOUT_MS */
  erasureTimeoutMs?: number;
}

/** Provides the parts of the service to all modules, by their classes. */
@Global()
@Module({})
export class ServicePartsModule {
  static with(parts: ServiceParts): DynamicModule {
    const providers: Provider[] = [
      { provide: RetentionConfig, useValue: parts.config.retention },
      { provide: StatisticsContract, useValue: parts.contract },
      { provide: CounterTypes, useValue: parts.counterTypes },
      { provide: Database, useValue: parts.database },
      { provide: DataSource, useValue: parts.database.dataSource },
      { provide: EventHandover, useValue: parts.handover },
      { provide: Clock, useValue: parts.clock },
      { provide: Registry, useValue: parts.registry },
      { provide: Logger, useValue: parts.logger },
      { provide: Outages, useValue: parts.outages },
      { provide: ErasureTimeout, useValue: new ErasureTimeout(parts.erasureTimeoutMs) },
    ];
    if (parts.discord !== undefined) providers.push({ provide: DiscordClient, useValue: parts.discord });
    if (parts.discordLogin !== undefined) providers.push({ provide: DiscordLogin, useValue: parts.discordLogin });
    if (parts.erasureLog !== undefined) providers.push({ provide: ErasureLog, useValue: parts.erasureLog });
    return { module: ServicePartsModule, providers, exports: providers };
  }
}
