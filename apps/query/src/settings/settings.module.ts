import { Module } from '@nestjs/common';
import { CountersModule } from '../counters/counters.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { SettingsController } from './settings.controller.js';
import { SettingsService } from './settings.service.js';

@Module({
  imports: [DatabaseModule, CountersModule],
  controllers: [SettingsController],
  providers: [SettingsService],
})
export class SettingsModule {}
