import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../database/database.module.js';
import { GuildSettingsModule } from '../../settings/guild-settings.module.js';
import { CollectionReader } from './collection-reader.service.js';
import { CollectionController } from './collection.controller.js';

@Module({
  imports: [DatabaseModule, GuildSettingsModule],
  controllers: [CollectionController],
  providers: [CollectionReader],
})
export class CollectionModule {}
