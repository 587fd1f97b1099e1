import { Module, type DynamicModule } from '@nestjs/common';
import type { QueryConfig } from '#libs/config';
import { DatabaseModule } from '../database/database.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { CallerService } from './caller.service.js';
import { DiscordLoginController } from './discord-login.controller.js';
import { LoginConfig } from './login-config.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';

@Module({})
export class SessionsModule {
  /** @param access the module that identifies callers */
  static with(
    { publicUrl, discordLogin }: Pick<QueryConfig, 'publicUrl' | 'discordLogin'>,
    access: DynamicModule,
  ): DynamicModule {
    const config: LoginConfig = {
      publicUrl: publicUrl?.replace(/\/+$/, ''),
      clientSecret: discordLogin?.clientSecret,
    };
    return {
      module: SessionsModule,
      imports: [access, DatabaseModule, DirectoryModule],
      controllers: [SessionsController, DiscordLoginController],
      providers: [SessionsService, CallerService, { provide: LoginConfig, useValue: config }],
    };
  }
}
