import { Module, type DynamicModule } from '@nestjs/common';
import { DashboardController } from './dashboard.controller.js';
import { DashboardFiles } from './dashboard-files.js';

/** Serves the dashboard. */
@Module({})
export class DashboardModule {
  static with(files: DashboardFiles): DynamicModule {
    return {
      module: DashboardModule,
      controllers: [DashboardController],
      providers: [{ provide: DashboardFiles, useValue: files }],
    };
  }
}
