import { Module, type DynamicModule } from '@nestjs/common';
import type { StatisticsContract } from '#libs/contracts';
import { EventsModule } from '../../events/events.module.js';
import { GuildSettingsModule } from '../../settings/guild-settings.module.js';
import { recordController } from './record.controller.js';
import { StatisticsRecorder } from './statistics-recorder.service.js';

@Module({ imports: [EventsModule, GuildSettingsModule], providers: [StatisticsRecorder] })
export class RecordModule {
  static of(contract: StatisticsContract): DynamicModule {
    return { module: RecordModule, controllers: contract.kinds.map(recordController) };
  }
}
