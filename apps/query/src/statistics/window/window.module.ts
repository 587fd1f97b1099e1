import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../database/database.module.js';
import { EventHorizonReader } from './event-horizon.reader.js';

@Module({ imports: [DatabaseModule], providers: [EventHorizonReader], exports: [EventHorizonReader] })
export class WindowModule {}
