import type { Type } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { SWITCHES, SWITCH_NAMES } from '#libs/contracts';
import {
  ConstantProperty,
  SchemaProperty,
  SnowflakeProperty,
  TimestampProperty,
} from '../answers/answer-properties.js';
import { PanelStatus } from '../counters/dto/panel-status.dto.js';
import { StarboardStatus } from '../starboard/dto/starboard-status.dto.js';
import { CHANNEL_FIELDS, COLUMN_FIELDS, COLUMN_FIELD_NAMES, type SettingsValues } from './settings-fields.js';

@ApiSchema({ name: 'CustomPanel' })
export class CustomPanelAnswer {
  @SnowflakeProperty()
  channel_id: string;

  @ApiProperty()
  channel_name: string;

  @SnowflakeProperty()
  role_id: string;
}

/** How what acts in Discord is doing. */
export interface DiscordStatus {
  counter_panel_status: PanelStatus[];
  starboard_status: StarboardStatus[];
}

@ApiSchema({ name: 'Settings', description: 'All settings of a guild' })
export class SettingsAnswer extends settingsValuesClass() implements DiscordStatus {
  @ApiProperty({ type: [CustomPanelAnswer] })
  counter_panel_custom_panels: CustomPanelAnswer[];

  @ApiProperty({ type: [PanelStatus] })
  counter_panel_status: PanelStatus[];

  @ApiProperty({
    type: [StarboardStatus],
    description: 'What keeps the starboard from working; empty when nothing is wrong',
  })
  starboard_status: StarboardStatus[];

  @TimestampProperty({ description: 'When they were changed last' })
  updated_at: string;
}

@ApiSchema({ name: 'ErasedGuild' })
export class ErasedGuildAnswer {
  @SnowflakeProperty()
  guild_id: string;

  @ConstantProperty(true)
  deleted: true;
}

/** Declares what can be set, from the lists of fields and switches. */
function settingsValuesClass(): Type<SettingsValues & { guild_id: string }> {
  class SettingsValuesAnswer {
    @SnowflakeProperty()
    guild_id: string;
  }
  const declare = (name: string, property: PropertyDecorator) => property(SettingsValuesAnswer.prototype, name);
  for (const name of COLUMN_FIELD_NAMES) {
    const { format, nullable, description } = COLUMN_FIELDS[name];
    const isChannel = (CHANNEL_FIELDS as readonly string[]).includes(name);
    const options = { nullable, description };
    declare(name, isChannel ? SnowflakeProperty(options) : SchemaProperty(format.schema, options));
  }
  for (const name of SWITCH_NAMES)
    declare(name, ApiProperty({ type: Boolean, description: SWITCHES[name].description }));
  return SettingsValuesAnswer as Type<SettingsValues & { guild_id: string }>;
}
