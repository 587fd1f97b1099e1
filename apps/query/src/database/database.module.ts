import { Module } from '@nestjs/common';
import { GuildDatabase } from './guild-database.js';
import { GuildEraser } from './guild-eraser.js';

@Module({ providers: [GuildDatabase, GuildEraser], exports: [GuildDatabase, GuildEraser] })
export class DatabaseModule {}
