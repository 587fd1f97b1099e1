import { Module, type DynamicModule } from '@nestjs/common';
import type { StatisticsContract } from '#libs/contracts';
import { DatabaseModule } from '../../database/database.module.js';
import { GuildSettingsModule } from '../../settings/guild-settings.module.js';
import { WindowModule } from '../window/window.module.js';
import { OverviewController } from './overview.controller.js';
import { StatisticsSummarizer } from './statistics-summarizer.service.js';
import { summaryController } from './summary.controller.js';

@Module({ imports: [DatabaseModule, GuildSettingsModule, WindowModule], providers: [StatisticsSummarizer] })
export class SummaryModule {
  static of(contract: StatisticsContract): DynamicModule {
    return { module: SummaryModule, controllers: [...contract.kinds.map(summaryController), OverviewController] };
  }
}
