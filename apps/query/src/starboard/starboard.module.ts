import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { GuildSettingsModule } from '../settings/guild-settings.module.js';
import { StarboardSettings } from './starboard-settings.js';
import { StarboardController } from './starboard.controller.js';
import { StarboardService } from './starboard.service.js';

@Module({
  imports: [EventsModule, GuildSettingsModule],
  controllers: [StarboardController],
  providers: [StarboardService, StarboardSettings],
  exports: [StarboardSettings],
})
export class StarboardModule {}
