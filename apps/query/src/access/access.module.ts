import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { QueryConfig } from '#libs/config';
import { DatabaseModule } from '../database/database.module.js';
import { GuildDatabase } from '../database/guild-database.js';
import { AccessGuard } from './access.guard.js';
import { ApiKeyDirectory } from './api-key-directory.js';
import { ApiKeyUses } from './api-key-uses.js';
import { Credentials } from './credentials.js';
import { RequestRates } from './request-rates.js';

@Module({ imports: [DatabaseModule] })
export class AccessModule {
  static with({
    serviceKeys,
    rateLimitPerMinute,
  }: Pick<QueryConfig, 'serviceKeys' | 'rateLimitPerMinute'>): DynamicModule {
    return {
      module: AccessModule,
      providers: [
        ApiKeyUses,
        {
          provide: ApiKeyDirectory,
          useFactory: (database: GuildDatabase, uses: ApiKeyUses) => new ApiKeyDirectory(database, uses),
          inject: [GuildDatabase, ApiKeyUses],
        },
        {
          provide: Credentials,
          useFactory: (apiKeys: ApiKeyDirectory) => new Credentials(serviceKeys, apiKeys),
          inject: [ApiKeyDirectory],
        },
        { provide: RequestRates, useValue: new RequestRates(rateLimitPerMinute) },
        AccessGuard,
        { provide: APP_GUARD, useExisting: AccessGuard },
      ],
    };
  }
}
