import type { Type } from '@nestjs/common';
import { SWITCHES, SWITCH_NAMES } from '#libs/contracts';
import { IsInstant, IsSnowflake, IsTrueOrFalse } from '../requests/field.decorators.js';
import { ReadAs } from '../requests/read-as.decorator.js';
import { RefusesUnknownFields } from '../requests/request-dto.js';
import { panelsToCreate, panelsToDelete, type PanelToCreate } from './custom-panels.js';
import { COLUMN_FIELDS, COLUMN_FIELD_NAMES, isOptionalSwitch, type SettingsValues } from './settings-fields.js';

/** What GET answers and nobody can set. */
const ANSWERED_ONLY = ['counter_panel_custom_panels', 'counter_panel_status', 'starboard_status'];

/** A change of settings. What it does not name stays. */
export interface SettingsChange extends Partial<SettingsValues> {
  guild_id: string;
  counter_panel_custom_panels_create?: PanelToCreate[];
  counter_panel_custom_panels_delete?: string[];
  /** The change the caller has seen last, in Unix milliseconds. */
  updated_at?: number;
}

/** A settings request that names a guild and nothing else. */
@RefusesUnknownFields()
export class SettingsGuildRequest {
  @IsSnowflake({ description: 'The guild' })
  guild_id: string;
}

/** All settings of a guild. */
@RefusesUnknownFields(...ANSWERED_ONLY)
export class PutSettingsRequest {
  guild_id: string;
}

/** Some settings of a guild. */
@RefusesUnknownFields(...ANSWERED_ONLY)
export class PatchSettingsRequest {
  guild_id: string;
}

declareFields(PutSettingsRequest, { complete: true });
declareFields(PatchSettingsRequest, { complete: false });

function declareFields(dto: Type<object>, { complete }: { complete: boolean }): void {
  const declare = (name: string, decorator: PropertyDecorator) => decorator(dto.prototype as object, name);
  const optional = !complete;
  declare('guild_id', IsSnowflake({ description: 'The guild' }));
  for (const name of COLUMN_FIELD_NAMES) {
    const { format, nullable, description } = COLUMN_FIELDS[name];
    declare(name, ReadAs(format, { optional, nullable, description }));
  }
  declare(
    'counter_panel_custom_panels_create',
    ReadAs(panelsToCreate, { optional, description: 'Custom panels to create; may be empty' }),
  );
  declare(
    'counter_panel_custom_panels_delete',
    ReadAs(panelsToDelete, { optional, description: 'Channels of custom panels to delete; may be empty' }),
  );
  for (const name of SWITCH_NAMES) {
    const { description } = SWITCHES[name];
    declare(name, IsTrueOrFalse({ optional: optional || isOptionalSwitch(name), description }));
  }
  const updatedAt = 'When sent, it must be what GET answered last: nobody has changed the settings since';
  declare('updated_at', IsInstant({ optional: true, description: updatedAt }));
}
