import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';

@Module({ imports: [DatabaseModule], controllers: [ApiKeysController], providers: [ApiKeysService] })
export class ApiKeysModule {}
