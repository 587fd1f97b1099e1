import type { Type } from '@nestjs/common';
import { ApiSchema } from '@nestjs/swagger';
import { ConstantProperty, SnowflakeProperty, TimestampProperty } from '../answers/answer-properties.js';
import type { SettingsFeature } from './settings-part.js';

/** The settings of all features, with their status properties. */
export interface SettingsAnswer extends Record<string, unknown> {
  guild_id: string;
  updated_at: string;
}

@ApiSchema({ name: 'ErasedGuild' })
export class ErasedGuildAnswer {
  @SnowflakeProperty()
  guild_id: string;

  @ConstantProperty(true)
  deleted: true;
}

/** The response class with the settings of these features. */
export function settingsAnswerClass(features: readonly SettingsFeature[]): Type<SettingsAnswer> {
  @ApiSchema({ name: 'Settings', description: 'All settings of a guild' })
  class Settings implements SettingsAnswer {
    [field: string]: unknown;
    guild_id: string;
    updated_at: string;
  }
  const declare = (name: string, property: PropertyDecorator) => property(Settings.prototype, name);
  declare('guild_id', SnowflakeProperty());
  for (const { fields } of features) {
    for (const [name, { answer }] of Object.entries(fields)) declare(name, answer);
  }
  for (const { answers = {} } of features) {
    for (const [name, answer] of Object.entries(answers)) declare(name, answer);
  }
  declare('updated_at', TimestampProperty({ description: 'When the settings were last changed' }));
  return Settings;
}
