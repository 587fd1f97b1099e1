import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { GuildSettingsModule } from '../settings/guild-settings.module.js';
import { ActivationController } from './activation.controller.js';
import { ActivationService } from './activation.service.js';

@Module({
  imports: [DatabaseModule, GuildSettingsModule],
  controllers: [ActivationController],
  providers: [ActivationService],
})
export class ActivationModule {}
