import { Module, type DynamicModule } from '@nestjs/common';
import { CountersModule } from './counters/counters.module.js';
import { GuildsModule } from './guilds/guilds.module.js';
import { HealthModule } from './health/health.module.js';
import { IntakeModule } from './intake/intake.module.js';
import { MaintenanceModule } from './maintenance/maintenance.module.js';
import { ServicePartsModule, type ServiceParts } from './service-parts.module.js';
import { StarboardModule } from './starboard/starboard.module.js';
import { StatisticsModule } from './statistics/statistics.module.js';

@Module({
  imports: [
    IntakeModule,
    StatisticsModule,
    StarboardModule,
    GuildsModule,
    CountersModule,
    MaintenanceModule,
    HealthModule,
  ],
})
export class IngestionModule {
  static with(parts: ServiceParts): DynamicModule {
    return { module: IngestionModule, imports: [ServicePartsModule.with(parts)] };
  }
}
