import { Module, type DynamicModule } from '@nestjs/common';
import { AccessModule } from './access/access.module.js';
import { ActivationModule } from './activation/activation.module.js';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { CountersModule } from './counters/counters.module.js';
import type { DashboardFiles } from './dashboard/dashboard-files.js';
import { DashboardModule } from './dashboard/dashboard.module.js';
import { DirectoryModule } from './directory/directory.module.js';
import { EventsPageModule } from './events-page/events-page.module.js';
import { HealthModule } from './health/health.module.js';
import { HttpModule } from './http/http.module.js';
import { PrivacyModule } from './privacy/privacy.module.js';
import { RequestsModule } from './requests/requests.module.js';
import { ServicePartsModule, type ServiceParts } from './service-parts.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { settingsFeatures } from './settings-features.js';
import { SettingsModule } from './settings/settings.module.js';
import { StarboardModule } from './starboard/starboard.module.js';
import { StatisticsModule } from './statistics/statistics.module.js';

@Module({})
export class QueryModule {
  /** @param dashboard undefined if the dashboard was not built */
  static with(parts: ServiceParts, dashboard?: DashboardFiles): DynamicModule {
    const statistics = StatisticsModule.of(parts.contract);
    const access = AccessModule.with(parts.config);
    const counters = CountersModule.of(parts.counterTypes, parts.contract);
    return {
      module: QueryModule,
      imports: [
        ServicePartsModule.with(parts),
        HttpModule,
        access,
        RequestsModule,
        HealthModule,
        EventsPageModule,
        ActivationModule,
        SettingsModule.of(settingsFeatures(parts.counterTypes, parts.contract), [
          counters,
          StarboardModule,
          statistics,
        ]),
        statistics,
        StarboardModule,
        counters,
        PrivacyModule,
        ApiKeysModule.with(access),
        SessionsModule.with(parts.config, access),
        DirectoryModule,
        ...(dashboard === undefined ? [] : [DashboardModule.with(dashboard)]),
      ],
    };
  }
}
