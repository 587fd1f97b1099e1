import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { EventsModule } from '../events/events.module.js';
import { GuildSettingsModule } from '../settings/guild-settings.module.js';
import { CounterPanelsController } from './counter-panels.controller.js';
import { CounterPanelsService } from './counter-panels.service.js';
import { CounterSettings } from './counter-settings.js';
import { PanelChannels } from './panel-channels.service.js';
import { PanelUndo } from './panel-undo.service.js';

@Module({
  imports: [DatabaseModule, EventsModule, GuildSettingsModule],
  controllers: [CounterPanelsController],
  providers: [CounterPanelsService, CounterSettings, PanelChannels, PanelUndo],
  exports: [CounterSettings],
})
export class CountersModule {}
