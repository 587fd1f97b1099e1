import { Module } from '@nestjs/common';
import { MaintenanceModule } from '../maintenance/maintenance.module.js';
import { GuildDeletionService } from './guild-deletion.service.js';
import { GuildSnapshotsWriter } from './guild-snapshots.writer.js';
import { GuildsConsumer } from './guilds.consumer.js';

@Module({
  imports: [MaintenanceModule],
  controllers: [GuildsConsumer],
  providers: [GuildSnapshotsWriter, GuildDeletionService],
})
export class GuildsModule {}
