import { FIELD_TYPES } from '#libs/contracts';
import { Field, RefusesUnknownFields, type FormClass } from '../forms/form-field.js';
import type { SettingsFeature } from './settings-part.js';

/** A settings request that names a guild and nothing else. */
@RefusesUnknownFields()
export class SettingsGuildForm {
  @Field(FIELD_TYPES.snowflake, { description: 'The guild' })
  guild_id: string;
}

export interface SettingsForms {
  /** All settings of a guild. */
  put: FormClass;
  /** Some settings of a guild. */
  patch: FormClass;
}

/** What GET answers may be sent back: what nobody can set is ignored. */
export function settingsForms(features: readonly SettingsFeature[]): SettingsForms {
  const answeredOnly = features.flatMap(({ answers = {} }) => Object.keys(answers));

  @RefusesUnknownFields(...answeredOnly)
  class PutSettingsForm {
    guild_id: string;
  }

  @RefusesUnknownFields(...answeredOnly)
  class PatchSettingsForm {
    guild_id: string;
  }

  declareFields(PutSettingsForm, features, { complete: true });
  declareFields(PatchSettingsForm, features, { complete: false });
  return { put: PutSettingsForm, patch: PatchSettingsForm };
}

function declareFields(
  form: FormClass,
  features: readonly SettingsFeature[],
  { complete }: { complete: boolean },
): void {
  const declare = (name: string, field: PropertyDecorator) => field(form.prototype as object, name);
  declare('guild_id', Field(FIELD_TYPES.snowflake, { description: 'The guild' }));
  for (const { fields, requests } of features) {
    for (const [name, { format, required, nullable, description }] of Object.entries({ ...fields, ...requests })) {
      declare(name, Field(format, { required: complete && required, nullable, description }));
    }
  }
  const updatedAt = 'When sent, it must be what GET answered last: nobody has changed the settings since';
  declare('updated_at', Field(FIELD_TYPES.instant, { required: false, description: updatedAt }));
}
