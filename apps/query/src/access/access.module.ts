import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { QueryConfig } from '#libs/config';
import { DatabaseModule } from '../database/database.module.js';
import { GuildDatabase } from '../database/guild-database.js';
import { AccessGuard } from './access.guard.js';
import { ApiKeyDirectory } from './api-key-directory.js';
import { ApiKeyUses } from './api-key-uses.js';
import { Credentials } from './credentials.js';
import { Identification } from './identification.js';
import { MemberProfiles } from './member-profiles.js';
import { RequestRates } from './request-rates.js';
import { SessionDirectory } from './session-directory.js';

@Module({ imports: [DatabaseModule] })
export class AccessModule {
  static with({
    serviceKeys,
    rateLimitPerMinute,
    discordLogin,
  }: Pick<QueryConfig, 'serviceKeys' | 'rateLimitPerMinute' | 'discordLogin'>): DynamicModule {
    const options = { serviceKeys, clientSecret: discordLogin?.clientSecret };
    return {
      module: AccessModule,
      providers: [
        ApiKeyUses,
        {
          provide: ApiKeyDirectory,
          useFactory: (database: GuildDatabase, uses: ApiKeyUses) => new ApiKeyDirectory(database, uses),
          inject: [GuildDatabase, ApiKeyUses],
        },
        SessionDirectory,
        {
          provide: Credentials,
          useFactory: (keys: ApiKeyDirectory, sessions: SessionDirectory) => new Credentials(options, keys, sessions),
          inject: [ApiKeyDirectory, SessionDirectory],
        },
        { provide: RequestRates, useValue: new RequestRates(rateLimitPerMinute) },
        Identification,
        MemberProfiles,
        AccessGuard,
        { provide: APP_GUARD, useExisting: AccessGuard },
      ],
      exports: [Identification, MemberProfiles, SessionDirectory],
    };
  }
}
