import type { JsonSchema } from '#libs/contracts';
import { ID_SCHEMA, objectOf, TIME_SCHEMA } from '../openapi/schemas.js';
import type { SettingsFeature } from './settings-part.js';

/** All fields of all features, and what these tell beside them. */
export interface SettingsAnswer extends Record<string, unknown> {
  guild_id: string;
  updated_at: string;
}

export function settingsSchema(features: readonly SettingsFeature[]): JsonSchema {
  const fields = features.flatMap((feature) => Object.entries(feature.fields));
  return objectOf({
    guild_id: ID_SCHEMA,
    ...Object.fromEntries(fields.map(([name, { answer, description }]) => [name, { ...answer, description }])),
    ...Object.assign({}, ...features.map(({ answers }) => answers)),
    updated_at: TIME_SCHEMA,
  });
}
