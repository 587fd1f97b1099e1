import { Module, type DynamicModule } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';

@Module({})
export class ApiKeysModule {
  /** @param access the module that identifies callers */
  static with(access: DynamicModule): DynamicModule {
    return {
      module: ApiKeysModule,
      imports: [access, DatabaseModule],
      controllers: [ApiKeysController],
      providers: [ApiKeysService],
    };
  }
}
