import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../database/database.module.js';
import { GuildSettingsModule } from '../../settings/guild-settings.module.js';
import { GaugesController } from './gauges.controller.js';
import { GaugesReader } from './gauges-reader.service.js';

@Module({ imports: [DatabaseModule, GuildSettingsModule], controllers: [GaugesController], providers: [GaugesReader] })
export class GaugesModule {}
