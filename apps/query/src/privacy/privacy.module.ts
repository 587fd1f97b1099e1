import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { ExportModule } from '../statistics/export/export.module.js';
import { MemberExporter } from './member-exporter.service.js';
import { MemberGuilds } from './member-guilds.service.js';
import { PrivacyController } from './privacy.controller.js';
import { PrivacyService } from './privacy.service.js';

@Module({
  imports: [DatabaseModule, ExportModule],
  controllers: [PrivacyController],
  providers: [PrivacyService, MemberGuilds, MemberExporter],
})
export class PrivacyModule {}
