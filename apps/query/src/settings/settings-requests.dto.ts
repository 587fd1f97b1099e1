import type { Type } from '@nestjs/common';
import { IsInstant, IsSnowflake } from '../requests/field.decorators.js';
import { ReadAs } from '../requests/read-as.decorator.js';
import { RefusesUnknownFields } from '../requests/request-dto.js';
import type { SettingsChange, SettingsFeature } from './settings-part.js';

/** A settings request with only a guild. */
@RefusesUnknownFields()
export class SettingsGuildRequest {
  @IsSnowflake({ description: 'The id of the guild' })
  guild_id: string;
}

export interface SettingsRequests {
  /** All settings of a guild. */
  put: Type<SettingsChange>;
  /** Some settings of a guild. */
  patch: Type<SettingsChange>;
}

/** The requests ignore read-only properties, so that a response of GET can be sent back. */
export function settingsRequests(features: readonly SettingsFeature[]): SettingsRequests {
  const answeredOnly = features.flatMap(({ answers = {} }) => Object.keys(answers));

  @RefusesUnknownFields(...answeredOnly)
  class PutSettingsRequest implements SettingsChange {
    [field: string]: unknown;
    guild_id: string;
  }

  @RefusesUnknownFields(...answeredOnly)
  class PatchSettingsRequest implements SettingsChange {
    [field: string]: unknown;
    guild_id: string;
  }

  declareFields(PutSettingsRequest, features, { complete: true });
  declareFields(PatchSettingsRequest, features, { complete: false });
  return { put: PutSettingsRequest, patch: PatchSettingsRequest };
}

function declareFields(
  dto: Type<object>,
  features: readonly SettingsFeature[],
  { complete }: { complete: boolean },
): void {
  const declare = (name: string, decorator: PropertyDecorator) => decorator(dto.prototype as object, name);
  declare('guild_id', IsSnowflake({ description: 'The id of the guild' }));
  for (const { fields, requests } of features) {
    for (const [name, { format, required, nullable, description }] of Object.entries({ ...fields, ...requests })) {
      declare(name, ReadAs(format, { optional: !(complete && required), nullable, description }));
    }
  }
  const updatedAt =
    'The updated_at of the last GET. If present, the request fails if the settings were changed since then';
  declare('updated_at', IsInstant({ optional: true, description: updatedAt }));
}
