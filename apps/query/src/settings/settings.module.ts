import { Module, type DynamicModule } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { DiscordWorkModule } from '../discord/discord-work.module.js';
import type { SettingsFeature, SettingsPart } from './settings-part.js';
import { SettingsParts } from './settings-parts.js';
import { settingsController } from './settings.controller.js';
import { SettingsService } from './settings.service.js';

@Module({ imports: [DatabaseModule, DiscordWorkModule], providers: [SettingsService] })
export class SettingsModule {
  /**
   * Serves the settings of these features.
   *
   * @param modules the modules that export the features' parts
   */
  static of(features: readonly SettingsFeature[], modules: NonNullable<DynamicModule['imports']>): DynamicModule {
    return {
      module: SettingsModule,
      imports: modules,
      controllers: [settingsController(features)],
      providers: [
        {
          provide: SettingsParts,
          useFactory: (...parts: SettingsPart[]) => new SettingsParts(features, parts),
          inject: features.map(({ part }) => part),
        },
      ],
    };
  }
}
