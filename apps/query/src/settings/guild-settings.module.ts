import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { GuildSettingsReader } from './guild-settings.reader.js';

/** Gives other features read access to a guild's settings. */
@Module({ imports: [DatabaseModule], providers: [GuildSettingsReader], exports: [GuildSettingsReader] })
export class GuildSettingsModule {}
