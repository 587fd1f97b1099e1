import { Module } from '@nestjs/common';
import { ErasureService } from './erasure.service.js';
import { MaintenanceService } from './maintenance.service.js';
import { RollupService } from './rollup.service.js';

@Module({ providers: [MaintenanceService, ErasureService, RollupService], exports: [ErasureService] })
export class MaintenanceModule {}
