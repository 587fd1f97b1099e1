import { Module, type DynamicModule } from '@nestjs/common';
import type { CounterTypes, StatisticsContract } from '#libs/contracts';
import { DatabaseModule } from '../database/database.module.js';
import { DiscordWorkModule } from '../discord/discord-work.module.js';
import { EventsModule } from '../events/events.module.js';
import { GuildSettingsModule } from '../settings/guild-settings.module.js';
import { CounterPanelsController } from './counter-panels.controller.js';
import { CounterPanelsService } from './counter-panels.service.js';
import { CounterSettings } from './counter-settings.js';
import { countersController } from './counters.controller.js';
import { CountersService } from './counters.service.js';
import { PanelChannels } from './panel-channels.service.js';
import { PanelUndo } from './panel-undo.service.js';

@Module({
  imports: [DatabaseModule, DiscordWorkModule, EventsModule, GuildSettingsModule],
  controllers: [CounterPanelsController],
  providers: [CounterPanelsService, CounterSettings, CountersService, PanelChannels, PanelUndo],
  exports: [CounterSettings],
})
export class CountersModule {
  /** Serves counters of these types. */
  static of(types: CounterTypes, contract: StatisticsContract): DynamicModule {
    return { module: CountersModule, controllers: [countersController(types, contract)] };
  }
}
