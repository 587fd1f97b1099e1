import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { GuildSettingsReader } from './guild-settings.reader.js';

/** What other features want to know of a guild's settings. */
@Module({ imports: [DatabaseModule], providers: [GuildSettingsReader], exports: [GuildSettingsReader] })
export class GuildSettingsModule {}
