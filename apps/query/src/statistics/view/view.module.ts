import { Module, type DynamicModule } from '@nestjs/common';
import type { StatisticsContract } from '#libs/contracts';
import { DatabaseModule } from '../../database/database.module.js';
import { GuildSettingsModule } from '../../settings/guild-settings.module.js';
import { ExportModule } from '../export/export.module.js';
import { WindowModule } from '../window/window.module.js';
import { StatisticsViewer } from './statistics-viewer.service.js';
import { viewController } from './view.controller.js';

@Module({ imports: [DatabaseModule, GuildSettingsModule, WindowModule, ExportModule], providers: [StatisticsViewer] })
export class ViewModule {
  static of(contract: StatisticsContract): DynamicModule {
    return { module: ViewModule, controllers: contract.kinds.map(viewController) };
  }
}
