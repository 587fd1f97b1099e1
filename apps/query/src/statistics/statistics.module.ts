import { Module, type DynamicModule } from '@nestjs/common';
import type { StatisticsContract } from '#libs/contracts';
import { CollectionModule } from './collection/collection.module.js';
import { GaugesModule } from './gauges/gauges.module.js';
import { KindsController } from './kinds/kinds.controller.js';
import { RecordModule } from './record/record.module.js';
import { StatisticsSettings } from './statistics-settings.js';
import { SummaryModule } from './summary/summary.module.js';
import { ViewModule } from './view/view.module.js';

/**
 * The statistics of a catalogue. Each kind has a route to record events, one to list them and one to summarize them.
 */
@Module({
  imports: [CollectionModule, GaugesModule],
  controllers: [KindsController],
  providers: [StatisticsSettings],
  exports: [StatisticsSettings],
})
export class StatisticsModule {
  static of(contract: StatisticsContract): DynamicModule {
    return {
      module: StatisticsModule,
      imports: [RecordModule.of(contract), ViewModule.of(contract), SummaryModule.of(contract)],
    };
  }
}
