import { Module } from '@nestjs/common';
import { AskedDiscord } from './asked-discord.js';
import { DirectoryController } from './directory.controller.js';
import { GuildDirectory } from './guild-directory.service.js';
import { GuildNames } from './guild-names.service.js';
import { UserNames } from './user-names.service.js';

/** Names for ids, from Discord. */
@Module({
  controllers: [DirectoryController],
  providers: [AskedDiscord, GuildDirectory, GuildNames, UserNames],
  exports: [GuildNames],
})
export class DirectoryModule {}
