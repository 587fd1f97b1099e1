import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../database/database.module.js';
import { GuildSettingsModule } from '../../settings/guild-settings.module.js';
import { WindowModule } from '../window/window.module.js';
import { StatisticsExporter } from './statistics-exporter.service.js';

@Module({
  imports: [DatabaseModule, GuildSettingsModule, WindowModule],
  providers: [StatisticsExporter],
  exports: [StatisticsExporter],
})
export class ExportModule {}
