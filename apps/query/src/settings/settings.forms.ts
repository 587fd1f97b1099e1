import { FIELD_TYPES, SWITCHES, SWITCH_NAMES } from '#libs/contracts';
import { Field, RefusesUnknownFields, type FormClass } from '../forms/form-field.js';
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
export class SettingsGuildForm {
  @Field(FIELD_TYPES.snowflake, { description: 'The guild' })
  guild_id: string;
}

/** All settings of a guild. */
@RefusesUnknownFields(...ANSWERED_ONLY)
export class PutSettingsForm {
  guild_id: string;
}

/** Some settings of a guild. */
@RefusesUnknownFields(...ANSWERED_ONLY)
export class PatchSettingsForm {
  guild_id: string;
}

declareFields(PutSettingsForm, { complete: true });
declareFields(PatchSettingsForm, { complete: false });

function declareFields(form: FormClass, { complete }: { complete: boolean }): void {
  const declare = (name: string, field: PropertyDecorator) => field(form.prototype as object, name);
  declare('guild_id', Field(FIELD_TYPES.snowflake, { description: 'The guild' }));
  for (const name of COLUMN_FIELD_NAMES) {
    const { format, nullable, description } = COLUMN_FIELDS[name];
    declare(name, Field(format, { required: complete, nullable, description }));
  }
  declare(
    'counter_panel_custom_panels_create',
    Field(panelsToCreate, { required: complete, description: 'Custom panels to create; may be empty' }),
  );
  declare(
    'counter_panel_custom_panels_delete',
    Field(panelsToDelete, { required: complete, description: 'Channels of custom panels to delete; may be empty' }),
  );
  for (const name of SWITCH_NAMES) {
    const { description } = SWITCHES[name];
    declare(name, Field(FIELD_TYPES.boolean, { required: complete && !isOptionalSwitch(name), description }));
  }
  const updatedAt = 'When sent, it must be what GET answered last: nobody has changed the settings since';
  declare('updated_at', Field(FIELD_TYPES.instant, { required: false, description: updatedAt }));
}
